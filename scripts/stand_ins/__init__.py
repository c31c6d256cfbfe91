"""Stripe and Replicate on this machine, for development and tests."""
