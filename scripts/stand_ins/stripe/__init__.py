"""A local stand-in for Stripe, judged by Stripe's own specification."""
