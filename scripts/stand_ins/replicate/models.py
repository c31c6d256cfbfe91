"""Which models the stand-in offers, and how the cloud shows them.

Each has the inputs of the real one, from a file in `schemas`; all are painted by the same model.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "schemas"


@dataclass(frozen=True)
class Model:
    """A model as its file in `schemas` says it is."""

    name: str
    is_official: bool
    """Official models are run by their name, the others by a version of theirs."""
    faces: tuple[str, ...]
    """The inputs that take a photo, or a list of them."""
    required: tuple[str, ...]
    inputs: dict[str, dict[str, Any]]
    output: dict[str, Any]

    @property
    def version(self) -> str:
        """Return its version id."""
        return hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def gives_list(self) -> bool:
        """Return whether its output is a list."""
        return bool(self.output["type"] == "array")

    def with_defaults(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return an input with the defaults of what was left out."""
        defaults = {name: rule.get("default") for name, rule in self.inputs.items()}
        return {name: value for name, value in defaults.items() if value is not None} | given

    def openapi(self) -> dict[str, Any]:
        """Return its openapi document: choices are schemas of their own, as cog writes them."""
        schemas: dict[str, Any] = {}
        properties: dict[str, Any] = {}
        for order, (name, rule) in enumerate(self.inputs.items()):
            entry: dict[str, Any] = {"title": name.replace("_", " ").title()} | rule
            if "enum" in rule:
                choice = {"title": name, "type": rule["type"], "enum": rule["enum"]}
                schemas[name] = choice
                reference = {"$ref": f"#/components/schemas/{name}"}
                entry = {"allOf": [reference], "default": rule["default"]}
            properties[name] = entry | {"x-order": order}
        schemas["Input"] = {
            "type": "object",
            "title": "Input",
            "required": list(self.required),
            "properties": properties,
        }
        schemas["Output"] = self.output | {"title": "Output"}
        return {
            "openapi": "3.0.2",
            "info": {"title": "Cog", "version": "0.1.0"},
            # The cloud takes the routes of the model's own server out.
            "paths": {},
            "components": {"schemas": schemas},
        }


def _load(file: Path) -> Model:
    content = json.loads(file.read_text(encoding="utf-8"))
    return Model(
        name=file.stem.replace(".", "/", 1),
        is_official=content["official"],
        faces=tuple(content["faces"]),
        required=tuple(content["required"]),
        inputs=content["input"],
        output=content["output"],
    )


MODELS = {model.name: model for model in map(_load, sorted(_FOLDER.glob("*.json")))}


def find(reference: str) -> Model | None:
    """Return the model that owner/name, owner/name:version or a bare version id means."""
    name, _, version = reference.partition(":")
    found = MODELS.get(name)
    if found is not None:
        return found if version in {"", found.version} else None
    return next((model for model in MODELS.values() if reference == model.version), None)


def describe_version(model: Model) -> dict[str, Any]:
    """Return the body of GET /v1/models/{owner}/{name}/versions/{id}."""
    return {
        "id": model.version,
        "created_at": "2026-01-01T00:00:00.000Z",
        "cog_version": "0.23.1",
        "openapi_schema": model.openapi(),
    }


def describe(model: Model) -> dict[str, Any]:
    """Return the body of GET /v1/models/{owner}/{name}."""
    owner, _, short = model.name.partition("/")
    return {
        "url": f"https://replicate.com/{model.name}",
        "owner": owner,
        "name": short,
        "description": "Paints a thumbnail from a prompt and a face",
        "visibility": "public",
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 0,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": describe_version(model),
    }
