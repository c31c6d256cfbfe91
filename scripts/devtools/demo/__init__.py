"""`thumbsmith demo`: the product's main job, for real, in front of one's eyes."""

from __future__ import annotations

from devtools.demo.run import run_demo

__all__ = ["run_demo"]
