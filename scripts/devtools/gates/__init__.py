"""What `scripts/lint` checks: one gate per module or tool."""
