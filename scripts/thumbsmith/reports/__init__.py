"""`thumbsmith report`: the questions of sql/reports."""
