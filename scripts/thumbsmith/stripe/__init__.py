"""`thumbsmith stripe`: events, alarms and the comparison with Stripe."""
