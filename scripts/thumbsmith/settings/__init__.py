"""`thumbsmith settings`: the numbers that an operator may turn."""
