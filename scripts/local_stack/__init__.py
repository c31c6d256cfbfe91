"""The local stack: a Supabase project made of real parts, without Docker.

PostgreSQL 17, PostgREST, Auth and Storage behind one gateway, the stand-ins for Replicate and
Stripe and the sidecar, all on 127.0.0.1. `local_stack.stack.Stack` starts and stops them.
"""
