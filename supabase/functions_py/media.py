"""Turns whatever the provider made into a plain PNG of the wanted size."""

from __future__ import annotations

import asyncio
import hashlib
import io
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps

from functions_py.errors import RejectedError

MAX_PIXELS = 40_000_000
_MAX_SIDE = 16_384
_MAX_PARTS = 100


@dataclass(frozen=True)
class Thumbnail:
    """An encoded PNG."""

    data: bytes
    width: int
    height: int

    @property
    def facts(self) -> dict[str, Any]:
        """Return what the database keeps of it."""
        digest = hashlib.sha256(self.data).hexdigest()
        size = {"width": self.width, "height": self.height}
        return {"bytes": len(self.data), **size, "sha256": digest}


async def normalize(data: bytes, width: int, height: int) -> Thumbnail:
    """Decode in a thread and return exactly width x height. Raises RejectedError."""
    try:
        return await asyncio.to_thread(_normalize, data, width, height)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, _TooLargeError):
        raise RejectedError("output_too_large", "pixels") from None
    except Exception as error:  # decoders raise almost anything on a broken file
        raise RejectedError("output_not_an_image", type(error).__name__) from None


class _TooLargeError(Exception):
    """More than we unpack."""


def _normalize(data: bytes, width: int, height: int) -> Thumbnail:
    # Each scan of a JPEG is a walk over all pixels, each block of EXIF copies those before it:
    # a real picture has a dozen, and a few hundred kilobytes of them would take hours.
    if data[:2] == b"\xff\xd8" and data.count(b"\xff\xda") + data.count(b"\xff\xe1") > _MAX_PARTS:
        raise _TooLargeError
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
        # The header alone is read so far: nothing large has been unpacked.
        if image.width * image.height > MAX_PIXELS or max(image.size) > _MAX_SIDE:
            raise _TooLargeError
        upright = _flatten(ImageOps.exif_transpose(image))
    fitted = ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)
    # Pixels alone go on: a fresh image has no EXIF, no text, no color profile.
    clean = Image.frombytes("RGB", fitted.size, fitted.tobytes())
    buffer = io.BytesIO()
    clean.save(buffer, format="PNG")
    return Thumbnail(buffer.getvalue(), width, height)


def _flatten(image: Image.Image) -> Image.Image:
    """Return RGB; what is transparent becomes white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
