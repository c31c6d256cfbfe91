"""Which models the stand-in offers, and how the cloud shows them."""

from __future__ import annotations

import hashlib
from typing import Any

# All run the same painter, with the inputs of nano-banana: faces are a list called image_input. The
# draft model takes no face; what it does not know it leaves alone, as the real one does.
NAMES = (
    "google/nano-banana-2",
    "google/nano-banana-pro",
    "black-forest-labs/flux-schnell",
)


def version_of(name: str) -> str:
    """Return the version id of a model."""
    return hashlib.sha256(name.encode()).hexdigest()


def find(reference: str) -> str | None:
    """Return the model that owner/name, owner/name:version or a bare version id means."""
    name, _, version = reference.partition(":")
    for known in NAMES:
        if name == known and version in {"", version_of(known)}:
            return known
        if reference == version_of(known):
            return known
    return None


def describe(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the body of GET /v1/models/{owner}/{name}."""
    owner, _, short = name.partition("/")
    return {
        "url": f"https://replicate.com/{name}",
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
        "latest_version": {
            "id": version_of(name),
            "created_at": "2026-01-01T00:00:00.000Z",
            "cog_version": "0.23.1",
            "openapi_schema": schema,
        },
    }
