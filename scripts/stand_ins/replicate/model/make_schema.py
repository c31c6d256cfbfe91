"""Writes .cog/openapi_schema.json, which cog checks every input against.

The Go tool of cog makes this file when it builds a container; without a container, we do. Run it
after a change to the inputs of predict.py: `python make_schema.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FORMATS = ["jpg", "png", "webp"]


def input_properties() -> dict[str, Any]:
    """Return the inputs in the order they are shown."""
    side = {"type": "integer", "minimum": 32, "maximum": 4096}
    properties: dict[str, Any] = {
        "prompt": {
            "type": "string",
            "title": "Prompt",
            "description": "What the thumbnail shows",
        },
        "faces": {
            "type": "array",
            "items": {"type": "string", "format": "uri"},
            "maxItems": 14,
            "default": [],
            "title": "Faces",
            "description": "Face photos",
        },
        "width": side | {"default": 1280, "title": "Width"},
        "height": side | {"default": 720, "title": "Height"},
        "output_format": {
            "allOf": [{"$ref": "#/components/schemas/output_format"}],
            "default": "png",
        },
        "seed": {"type": "integer", "minimum": 0, "default": 0, "title": "Seed"},
    }
    for order, entry in enumerate(properties.values()):
        entry["x-order"] = order
    return properties


def schema() -> dict[str, Any]:
    """Return the whole document."""
    schemas: dict[str, Any] = {
        "Input": {
            "type": "object",
            "title": "Input",
            "required": ["prompt"],
            "properties": input_properties(),
        },
        "Output": {"type": "string", "format": "uri", "title": "Output"},
        "output_format": {"type": "string", "enum": FORMATS, "title": "output_format"},
    }
    return {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": "0.1.0"},
        "paths": {},
        "components": {"schemas": schemas},
    }


if __name__ == "__main__":
    target = Path(__file__).parent / ".cog" / "openapi_schema.json"
    target.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
