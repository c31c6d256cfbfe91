"""Mistakes that change nothing, each with the reason."""

from __future__ import annotations

from tests.security.mutants import Mutant


def reason_of(mutant: Mutant) -> str:
    """Say why nothing can notice this one, or nothing."""
    return ""
