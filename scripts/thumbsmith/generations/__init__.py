"""`thumbsmith generations`: the story of one thumbnail."""
