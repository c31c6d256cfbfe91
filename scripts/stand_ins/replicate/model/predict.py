"""The model behind the stand-in: paints with Pillow for all the models that it offers.

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

from stand_ins.replicate.drawing import compose

_SLOW = re.compile(r"\[slow(?::(\d{1,3}))?\]", re.IGNORECASE)
_PILLOW = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
_PIXEL_CAP = 50_000_000
# Under load cog may come late, and a picture that is gone would be a success without an output.
_KEEP_SECONDS = 15


def open_face(path: str) -> Image.Image:
    """Return the upright picture in plain colors, or fail as a model does on a bad file."""
    with Image.open(path) as image:
        if image.width * image.height > _PIXEL_CAP:
            raise ValueError("Input image is too large")
        return ImageOps.exif_transpose(image).convert("RGB")


def paint(prompt: str, paths: list[str], size: tuple[int, int], seed: int, suffix: str) -> bytes:
    """Return the encoded picture."""
    picture = compose(prompt, [open_face(path) for path in paths], size, seed)
    buffer = io.BytesIO()
    picture.save(buffer, format=_PILLOW[suffix], quality=92)
    return buffer.getvalue()


def _delete(name: str) -> None:
    FilePath(name).unlink(missing_ok=True)


class Predictor(BaseRunner):  # type: ignore[misc]
    """Paints a thumbnail from a prompt and faces."""

    async def run(
        self,
        prompt: str = Input(description="What the thumbnail shows"),
        faces: list[Path] = Input(description="Face photos", default=[]),  # noqa: B008
        width: int = Input(default=1280, ge=32, le=4096),
        height: int = Input(default=720, ge=32, le=4096),
        output_format: str = Input(default="png"),
        seed: int = Input(default=0, ge=0),
    ) -> Path:
        """Run once; eight at a time share this process, so the painting is done in threads."""
        print(f"{len(prompt)} characters, {len(faces)} images")  # noqa: T201 the run's log
        if slow := _SLOW.search(prompt):
            await asyncio.sleep(int(slow.group(1) or 5))
        if "[fail]" in prompt.lower():
            raise ValueError("NSFW content detected")
        paths = [str(item) for item in faces]
        size = (width, height)
        data = await asyncio.to_thread(paint, prompt, paths, size, seed, output_format)
        # Written only after the last await, so a canceled run leaves no file.
        with tempfile.NamedTemporaryFile(suffix=f".{output_format}", delete=False) as file:
            file.write(data)
        # cog reads the file right after this returns, and never deletes it.
        asyncio.get_running_loop().call_later(_KEEP_SECONDS, _delete, file.name)
        return Path(file.name)
