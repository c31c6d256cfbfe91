"""The one place that imports jsonschema."""

from __future__ import annotations

from jsonschema import Draft202012Validator as Validator
from jsonschema import ValidationError
from jsonschema.exceptions import best_match

__all__ = ["ValidationError", "Validator", "best_match"]
