"""Between the models on offer and the one painter behind them: sizes, faces, number of pictures."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stand_ins.replicate.models import Model

# Less than the real models make, 1376×768 at 1K for one: painting costs time here.
_LONGER_SIDE = {"1K": 1280, "2K": 1920, "4K": 2560}
_PIXELS = re.compile(r"(\d+)x(\d+)")
_MEGAPIXELS = re.compile(r"(\d+(?:\.\d+)?)(?: MP)?")


def painter_input(model: Model, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the painter is asked for this input of a model."""
    values = model.with_defaults(given)
    width, height = picture_size(values)
    return {
        "prompt": values["prompt"],
        "faces": [url for name in model.faces for url in _as_list(values.get(name))],
        "width": width,
        "height": height,
        "output_format": values.get("output_format", "png"),
        "seed": abs(values.get("seed", 0)),
    }


def pictures_wanted(model: Model, given: dict[str, Any]) -> int:
    """Return how many pictures are in the output."""
    return int(model.with_defaults(given).get("num_outputs", 1))


def picture_size(values: dict[str, Any]) -> tuple[int, int]:
    """Return width and height for the ways in which models are told them."""
    ratio = values.get("aspect_ratio", "1:1")
    if ratio == "custom":
        return _rounded(values.get("width", 1024)), _rounded(values.get("height", 1024))
    size = str(values.get("resolution", values.get("megapixels", "1")))
    if exact := _PIXELS.fullmatch(size):
        return int(exact[1]), int(exact[2])
    # Nobody here knows how the photo is shaped.
    ratio = "16:9" if ratio == "match_input_image" else ratio
    across, down = (int(part) for part in ratio.split(":"))
    if longer := _LONGER_SIDE.get(size):
        return longer * across // max(across, down), longer * down // max(across, down)
    millions = _MEGAPIXELS.fullmatch(size)
    unit = math.sqrt((float(millions[1]) if millions else 1.0) * 1_000_000 / (across * down))
    return _rounded(unit * across), _rounded(unit * down)


def _rounded(pixels: float) -> int:
    """Return the nearest multiple of 32, which is how these models count."""
    return max(round(pixels / 32), 1) * 32


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
