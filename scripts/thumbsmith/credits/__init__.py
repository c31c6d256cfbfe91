"""`thumbsmith credits`: a person's credits."""
