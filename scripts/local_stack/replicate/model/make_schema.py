"""Writes .cog/openapi_schema.json, which cog checks every input against.

The Go tool of cog makes this file when it builds a container; without a container, we do. Run it
after a change to the inputs of predict.py: `python make_schema.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RATIOS = [
    *("match_input_image", "1:1", "2:3", "3:2", "3:4", "4:3"),
    *("4:5", "5:4", "9:16", "16:9", "21:9"),
]
CHOICES = {
    "aspect_ratio": (RATIOS, "16:9"),
    "resolution": (["1K", "2K", "4K"], "1K"),
    "output_format": (["jpg", "png"], "png"),
}


def input_properties() -> dict[str, Any]:
    """Return the inputs in the order they are shown."""
    properties: dict[str, Any] = {
        "prompt": {
            "type": "string",
            "title": "Prompt",
            "description": "What the thumbnail shows",
        },
        "image_input": {
            "type": "array",
            "items": {"type": "string", "format": "uri"},
            "maxItems": 14,
            "default": [],
            "title": "Image Input",
            "description": "Face photos",
        },
    }
    for name, (_, default) in CHOICES.items():
        reference = {"$ref": f"#/components/schemas/{name}"}
        properties[name] = {"allOf": [reference], "default": default}
    properties["seed"] = {"type": "integer", "minimum": 0, "default": 0, "title": "Seed"}
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
    }
    for name, (values, _) in CHOICES.items():
        schemas[name] = {"type": "string", "enum": values, "title": name}
    return {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": "0.1.0"},
        "paths": {},
        "components": {"schemas": schemas},
    }


if __name__ == "__main__":
    target = Path(__file__).parent / ".cog" / "openapi_schema.json"
    target.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
