"""`thumbsmith doctor`: what this machine and this database have."""
