"""What becomes of pictures; what only calls itself one is in test_hostile_downloads.py."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image

from functions_py.media import normalize
from tests.support.sidecar.pictures import chunk_names, encoded


def decoded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.copy()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1376, 768), (300, 900), (1, 1), (1280, 720)])
async def test_each_format_and_shape_becomes_a_png_of_the_wanted_size(
    kind: str, size: tuple[int, int]
) -> None:
    made = await normalize(encoded(kind, size), 1280, 720)
    image = decoded(made.data)
    assert (image.format, image.mode, image.size) == (None, "RGB", (1280, 720))
    assert made.data.startswith(b"\x89PNG\r\n\x1a\n")
    pixel = image.getpixel((640, 360))
    assert isinstance(pixel, tuple)
    assert abs(pixel[0] - 200) < 6
    assert made.facts == {
        "bytes": len(made.data),
        "width": 1280,
        "height": 720,
        "sha256": hashlib.sha256(made.data).hexdigest(),
    }


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "1"), ("PNG", "I;16")]
)
async def test_unusual_colors_are_converted(kind: str, mode: str) -> None:
    assert decoded((await normalize(encoded(kind, mode=mode), 64, 36)).data).mode == "RGB"


async def test_the_middle_is_kept_and_nothing_is_stretched() -> None:
    source = Image.new("RGB", (400, 100), "blue")
    source.paste("red", (150, 0, 250, 100))
    buffer = io.BytesIO()
    source.save(buffer, "PNG")
    image = decoded((await normalize(buffer.getvalue(), 100, 100)).data)
    assert image.getpixel((50, 50)) == (255, 0, 0)
    assert image.getpixel((5, 50)) == (255, 0, 0)


async def test_transparency_becomes_white() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 36), (255, 0, 0, 0)).save(buffer, "PNG")
    assert decoded((await normalize(buffer.getvalue(), 64, 36)).data).getpixel((9, 9)) == (255,) * 3


async def test_metadata_is_gone_and_the_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "secret place"
    source = Image.new("RGB", (90, 160), "blue")
    source.paste("red", (0, 0, 90, 80))
    buffer = io.BytesIO()
    source.save(buffer, "JPEG", exif=exif, comment=b"secret comment", icc_profile=b"secret icc")
    assert b"secret place" in buffer.getvalue()
    made = await normalize(buffer.getvalue(), 160, 90)
    assert b"secret" not in made.data
    assert chunk_names(made.data) == {b"IHDR", b"IDAT", b"IEND"}
    left, right = (decoded(made.data).getpixel((x, 45)) for x in (20, 140))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[2] > 200
    assert right[0] > 200


async def test_a_picture_of_4k_is_not_a_bomb() -> None:
    assert (await normalize(encoded("JPEG", (5504, 3072)), 1280, 720)).width == 1280
