"""What becomes of pictures, and of what only calls itself one."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from functions_py.errors import RejectedError
from functions_py.media import normalise


def encoded(
    kind: str, size: tuple[int, int] = (1376, 768), mode: str = "RGB", **more: object
) -> bytes:
    buffer = io.BytesIO()
    colours: dict[str, int | tuple[int, ...]] = {"RGB": (200, 40, 40), "CMYK": (0, 200, 200, 0)}
    colour = colours.get(mode, 0)
    Image.new(mode, size, colour).save(buffer, kind, **more)
    return buffer.getvalue()


def decoded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.copy()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1376, 768), (300, 900), (1, 1), (1280, 720)])
async def test_each_format_and_shape_becomes_a_png_of_the_wanted_size(
    kind: str, size: tuple[int, int]
) -> None:
    made = await normalise(encoded(kind, size), 1280, 720)
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
async def test_unusual_colours_are_converted(kind: str, mode: str) -> None:
    assert decoded((await normalise(encoded(kind, mode=mode), 64, 36)).data).mode == "RGB"


async def test_the_middle_is_kept_and_nothing_is_stretched() -> None:
    source = Image.new("RGB", (400, 100), "blue")
    source.paste("red", (150, 0, 250, 100))
    buffer = io.BytesIO()
    source.save(buffer, "PNG")
    image = decoded((await normalise(buffer.getvalue(), 100, 100)).data)
    assert image.getpixel((50, 50)) == (255, 0, 0)
    assert image.getpixel((5, 50)) == (255, 0, 0)


async def test_transparency_becomes_white() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 36), (255, 0, 0, 0)).save(buffer, "PNG")
    assert decoded((await normalise(buffer.getvalue(), 64, 36)).data).getpixel((9, 9)) == (255,) * 3


async def test_metadata_is_gone_and_the_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "secret place"
    source = Image.new("RGB", (90, 160), "blue")
    source.paste("red", (0, 0, 90, 80))
    buffer = io.BytesIO()
    source.save(buffer, "JPEG", exif=exif, comment=b"secret comment", icc_profile=b"secret icc")
    assert b"secret place" in buffer.getvalue()
    made = await normalise(buffer.getvalue(), 160, 90)
    assert b"secret" not in made.data
    assert {made.data[i : i + 4] for i in _chunk_names(made.data)} <= {b"IHDR", b"IDAT", b"IEND"}
    left, right = (decoded(made.data).getpixel((x, 45)) for x in (20, 140))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[2] > 200
    assert right[0] > 200


def _chunk_names(png: bytes) -> list[int]:
    places, at = [], 8
    while at < len(png):
        places.append(at + 4)
        at += 12 + struct.unpack(">I", png[at : at + 4])[0]
    return places


async def test_text_of_a_png_is_gone_too() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", "secret prompt")
    made = encoded("PNG", pnginfo=info)
    assert b"secret prompt" in made
    assert b"secret" not in (await normalise(made, 64, 36)).data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"<!doctype html><title>x</title>",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n" + b"nonsense" * 20,
        encoded("PNG")[:-200],
        encoded("JPEG")[:400],
        encoded("WEBP")[:60],
        encoded("GIF"),
        encoded("BMP"),
        encoded("TIFF"),
        encoded("PPM"),
    ],
    ids=lambda data: repr(data[:12]),
)
async def test_anything_else_is_refused_whatever_it_calls_itself(data: bytes) -> None:
    with pytest.raises(RejectedError) as refused:
        await normalise(data, 1280, 720)
    assert refused.value.slug == "output_not_an_image"


def bomb(width: int, height: int) -> bytes:
    """Give a PNG that says it is huge."""

    def chunk(name: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "size", [(6400, 6400), (10_000, 10_000), (60_000, 60_000), (20_000, 10), (2**31 - 1, 2**31 - 1)]
)
async def test_a_pixel_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(RejectedError) as refused:
        await normalise(bomb(*size), 1280, 720)
    assert refused.value.slug == "output_too_large"


async def test_a_jpeg_that_repeats_its_parts_is_refused_before_it_is_read() -> None:
    plain = encoded("JPEG", (64, 36), progressive=True)
    scan = plain[plain.rindex(b"\xff\xda") : -2]
    exif = b"\xff\xe1\x00\x10Exif\0\0" + bytes(8)
    assert (await normalise(plain[:-2] + scan * 20 + plain[-2:], 64, 36)).width == 64
    for bomb_ in (
        plain[:-2] + scan * 100 + plain[-2:],
        plain[:2] + exif * 101 + plain[2:],
    ):
        with pytest.raises(RejectedError) as refused:
            await normalise(bomb_, 64, 36)
        assert refused.value.slug == "output_too_large"


async def test_a_picture_of_4k_is_not_a_bomb() -> None:
    assert (await normalise(encoded("JPEG", (5504, 3072)), 1280, 720)).width == 1280
