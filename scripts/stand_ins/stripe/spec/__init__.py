"""The part of Stripe's published OpenAPI document that the stand-in is judged by."""
