"""`thumbsmith catalog`: packs and plans at Stripe."""
