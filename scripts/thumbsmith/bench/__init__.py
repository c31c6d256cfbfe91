"""`thumbsmith bench`: what a request costs, beside the cheapest durable change of one row."""

from thumbsmith.bench.command import bench

__all__ = ["bench"]
