"""The model behind the stand-in: takes the input of google/nano-banana-2, paints with Pillow.

Markers in the prompt: `[fail]` fails like a safety filter, `[slow]` takes five seconds longer and
`[slow:20]` twenty.
"""

from __future__ import annotations

import asyncio
import io
import re
import tempfile
from pathlib import Path as FilePath

from cog import BaseRunner, Input, Path  # type: ignore[import-untyped]
from PIL import Image, ImageOps

from local_stack.replicate.drawing import compose

_SLOW = re.compile(r"\[slow(?::(\d{1,3}))?\]", re.IGNORECASE)
_SCALE = {"1K": 1, "2K": 2, "4K": 3}
_PIXEL_CAP = 50_000_000
_KEEP_SECONDS = 3


def picture_size(aspect_ratio: str, resolution: str) -> tuple[int, int]:
    """Return width and height: the longer side is 1280 at 1K."""
    longer = 1280 * _SCALE[resolution]
    if aspect_ratio == "match_input_image":
        aspect_ratio = "16:9"
    across, down = (int(part) for part in aspect_ratio.split(":"))
    if across >= down:
        return longer, longer * down // across
    return longer * across // down, longer


def open_face(path: str) -> Image.Image:
    """Return the upright picture in plain colours, or fail as a model does on a bad file."""
    with Image.open(path) as image:
        if image.width * image.height > _PIXEL_CAP:
            raise ValueError("Input image is too large")
        return ImageOps.exif_transpose(image).convert("RGB")


def paint(prompt: str, paths: list[str], size: tuple[int, int], seed: int, suffix: str) -> bytes:
    """Return the encoded picture."""
    picture = compose(prompt, [open_face(path) for path in paths], size, seed)
    buffer = io.BytesIO()
    picture.save(buffer, format={"jpg": "JPEG"}.get(suffix, suffix.upper()), quality=92)
    return buffer.getvalue()


def _delete(name: str) -> None:
    FilePath(name).unlink(missing_ok=True)


class Predictor(BaseRunner):  # type: ignore[misc]
    """Paints a thumbnail from a prompt and faces."""

    async def run(
        self,
        prompt: str = Input(description="What the thumbnail shows"),
        image_input: list[Path] = Input(description="Face photos", default=[]),  # noqa: B008
        aspect_ratio: str = Input(default="16:9"),
        resolution: str = Input(default="1K"),
        output_format: str = Input(default="png"),
        seed: int = Input(default=0, ge=0),
    ) -> Path:
        """Run once; eight at a time share this process, so the painting is done in threads."""
        print(f"{len(prompt)} characters, {len(image_input)} images")  # noqa: T201 the run's log
        if slow := _SLOW.search(prompt):
            await asyncio.sleep(int(slow.group(1) or 5))
        if "[fail]" in prompt.lower():
            raise ValueError("NSFW content detected")
        size = picture_size(aspect_ratio, resolution)
        paths = [str(item) for item in image_input]
        data = await asyncio.to_thread(paint, prompt, paths, size, seed, output_format)
        # Written only after the last await, so a canceled run leaves no file.
        with tempfile.NamedTemporaryFile(suffix=f".{output_format}", delete=False) as file:
            file.write(data)
        # cog reads the file right after this returns, and never deletes it.
        asyncio.get_running_loop().call_later(_KEEP_SECONDS, _delete, file.name)
        return Path(file.name)
