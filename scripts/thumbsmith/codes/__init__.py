"""`thumbsmith codes`: promotional codes."""
