"""`thumbsmith check`: the questions of sql/checks."""
