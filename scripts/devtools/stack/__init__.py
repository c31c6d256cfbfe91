"""`thumbsmith stack`: the local stack."""
