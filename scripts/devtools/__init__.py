"""Commands that need the repository: stack, demo, bench, gates, rehearsals."""
