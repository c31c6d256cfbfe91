"""The sidecar: makes the calls a database cannot make, and holds no rule of its own."""
