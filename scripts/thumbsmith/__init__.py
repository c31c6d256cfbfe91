"""The command line of Thumbsmith."""
