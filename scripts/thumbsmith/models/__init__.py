"""`thumbsmith models`: models and their inputs."""
