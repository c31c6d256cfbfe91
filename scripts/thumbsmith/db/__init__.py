"""`thumbsmith db`: migrations of a database."""
