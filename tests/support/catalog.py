"""The models of the seed: type, preference, model."""

from __future__ import annotations

SEED_MODELS = [
    ("thumbnail", 1, "google/nano-banana-2"),
    ("thumbnail", 2, "black-forest-labs/flux-kontext-pro"),
    ("thumbnail_character", 1, "ideogram-ai/ideogram-character"),
    ("thumbnail_draft", 1, "black-forest-labs/flux-schnell"),
    ("thumbnail_premium", 1, "google/nano-banana-pro"),
    ("thumbnail_premium", 2, "black-forest-labs/flux-2-pro"),
]
