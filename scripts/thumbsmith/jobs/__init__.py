"""`thumbsmith jobs`: the work of the sidecar."""
