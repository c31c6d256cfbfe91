"""A local stand-in for Replicate's cloud: its routes in front of the real cog runtime."""
