"""One module per family of Stripe's resources."""
