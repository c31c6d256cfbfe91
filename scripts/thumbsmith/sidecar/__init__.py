"""`thumbsmith sidecar`: run the sidecar."""
