"""What Stripe does by itself: charge, bill, renew, prorate, end."""
