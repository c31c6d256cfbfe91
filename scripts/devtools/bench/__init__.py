"""`thumbsmith bench`: what a request costs, beside the cheapest durable change of one row."""

from devtools.bench.command import bench

__all__ = ["bench"]
