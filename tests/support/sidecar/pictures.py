"""Pictures for the tests, honest ones and others."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, PngImagePlugin

START = b"\x89PNG\r\n\x1a\n"
# Written into whatever must not reach Storage.
MARK = b"hostile mark"


def encoded(
    kind: str, size: tuple[int, int] = (1376, 768), mode: str = "RGB", **more: object
) -> bytes:
    buffer = io.BytesIO()
    colors: dict[str, int | tuple[int, ...]] = {"RGB": (200, 40, 40), "CMYK": (0, 200, 200, 0)}
    color = colors.get(mode, 0)
    Image.new(mode, size, color).save(buffer, kind, **more)
    return buffer.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def chunk_names(png: bytes) -> set[bytes]:
    names, at = set(), 8
    while at < len(png):
        names.add(png[at + 4 : at + 8])
        at += 12 + int(struct.unpack(">I", png[at : at + 4])[0])
    return names


def with_chunks(*chunks: bytes) -> bytes:
    """Return a small PNG with more chunks in front of its pixels."""
    plain = encoded("PNG", (64, 36))
    at = plain.index(b"IDAT") - 4
    return plain[:at] + b"".join(chunks) + plain[at:]


def bomb(width: int, height: int, body: bytes = b"") -> bytes:
    """Return a PNG that says how large it is, and holds what it likes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return START + head + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def damaged(png: bytes, name: bytes) -> bytes:
    """Return a PNG with one chunk that is not what its checksum says."""
    at = png.index(name) + 4
    return png[:at] + bytes([png[at] ^ 1]) + png[at + 1 :]


def repeated(jpeg: bytes, *, scans: int = 0, exif: int = 0) -> bytes:
    """Return a JPEG with its last scan, or with blocks of EXIF, once more and once more."""
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    block = b"\xff\xe1\x00\x10Exif\0\0" + bytes(8)
    return jpeg[:2] + block * exif + jpeg[2:-2] + scan * scans + jpeg[-2:]


def moving(kind: str, frames: int = 20) -> bytes:
    """Return an animation; its first frame is red."""
    others = [Image.new("RGB", (64, 36), (0, 0, i)) for i in range(1, frames)]
    return encoded(kind, (64, 36), save_all=True, append_images=others, duration=10)


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = MARK.decode()
    return exif


def _with_text() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("prompt", MARK.decode())
    text.add_text("long", MARK.decode() * 100, zip=True)
    text.add_itxt("XML:com.adobe.xmp", MARK.decode())
    return encoded("PNG", (64, 36), pnginfo=text)


_ZEROS = zlib.compress(bytes(20_000_000))
_PROGRESSIVE = encoded("JPEG", (64, 36), progressive=True)
_WEBP = moving("WEBP")

# No picture, or none that we read, whatever they call themselves.
NO_IMAGES: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\x89",
    "only zeros": bytes(1000),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)' width='9' height='9'/>",
    "SVG with a prologue": b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x 'y'>]><svg/>",
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "PDF": b"%PDF-1.7\n1 0 obj",
    "JSON": b'{"detail": "expired"}',
    "ZIP": b"PK\x03\x04" + bytes(100),
    "ELF": b"\x7fELF" + bytes(100),
    **{
        kind: encoded(kind, (64, 36))
        for kind in ("GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "DDS", "JPEG2000", "EPS", "AVIF")
    },
    "GIF that moves": moving("GIF"),
    "GIF that is also JavaScript": b"GIF89a/*" + encoded("GIF", (64, 36))[8:] + b"*/=1;alert(1)",
    "PNG behind HTML": b"<script>alert(1)</script>" + encoded("PNG", (64, 36)),
    "PNG of nonsense": START + b"nonsense" * 20,
    "PNG, only its first bytes": START,
    "PNG that ends early": encoded("PNG")[:-200],
    "PNG without pixels": bomb(64, 36),
    "PNG of no size": bomb(0, 0),
    "PNG with a wrong checksum in its header": damaged(encoded("PNG"), b"IHDR"),
    "PNG with a wrong checksum in its pixels": damaged(encoded("PNG"), b"IDAT"),
    "PNG with a chunk of 4 GB": encoded("PNG", (64, 36))[:33] + b"\xff\xff\xff\xffIDAT",
    "JPEG that ends early": encoded("JPEG")[:400],
    "JPEG with 12 bits": encoded("JPEG").replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c"),
    "WebP that ends early": encoded("WEBP")[:60],
    "WebP of another RIFF": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(28),
    # Small as they come, large once unpacked.
    "PNG with a text of 20 MB": with_chunks(chunk(b"zTXt", b"a\0\0" + _ZEROS)),
    "PNG with international text of 20 MB": with_chunks(
        chunk(b"iTXt", b"a\0\1\0\0\0" + _ZEROS),
    ),
    "PNG with a profile of 20 MB": with_chunks(chunk(b"iCCP", b"a\0\0" + _ZEROS)),
}

TOO_LARGE: dict[str, bytes] = {
    "PNG of just too many pixels": bomb(6400, 6400),
    "PNG of 100 megapixels": bomb(10_000, 10_000),
    "PNG of 3.6 gigapixels": bomb(60_000, 60_000),
    "PNG as large as the format can say": bomb(2**31 - 1, 2**31 - 1),
    "PNG of one long row": bomb(20_000, 10),
    "JPEG as large as the format can say": encoded("JPEG").replace(
        struct.pack(">HH", 768, 1376), b"\xff\xdc\xff\xdc"
    ),
    # 16,383 on each side, in the header that its frames need not fill.
    "WebP as large as the format can say": _WEBP[:24] + b"\xfe\x3f\0" * 2 + _WEBP[30:],
    "JPEG with too many scans": repeated(_PROGRESSIVE, scans=100),
    "JPEG with too much EXIF": repeated(_PROGRESSIVE, exif=101),
}

# Legal, though odd: what is stored is the picture alone.
HARMLESS: dict[str, bytes] = {
    "JPEG in CMYK": encoded("JPEG", (64, 36), "CMYK"),
    "JPEG on its side, with EXIF and comment": encoded(
        "JPEG", (36, 64), exif=_exif(), comment=MARK, icc_profile=MARK
    ),
    "JPEG with twenty scans more": repeated(_PROGRESSIVE, scans=20),
    "JPEG that is also a ZIP": encoded("JPEG", (64, 36)) + b"PK\x05\x06" + MARK + bytes(18),
    "PNG with text": _with_text(),
    "PNG that is also HTML": encoded("PNG", (64, 36)) + b"<script>" + MARK + b"</script>",
    "PNG with unknown chunks": with_chunks(chunk(b"prVt", MARK), chunk(b"meTa", MARK)),
    "PNG that unpacks to more than its pixels": bomb(64, 36, bytes(20_000_000)),
    "PNG with too few pixels, where the rest is black": bomb(64, 36, bytes(193 * 20)),
    "PNG of 16 bits": encoded("PNG", (64, 36), "I;16"),
    "PNG that moves": moving("PNG"),
    "WebP that moves": _WEBP,
    "WebP with metadata": encoded("WEBP", (64, 36), exif=_exif(), xmp=MARK, icc_profile=MARK),
}


def facts(picture: bytes) -> tuple[Any, ...]:
    with Image.open(io.BytesIO(picture)) as image:
        image.load()
        return image.format, image.mode, image.size
