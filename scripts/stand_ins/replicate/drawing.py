"""Paints a thumbnail with Pillow: light, a headline, and the face of the person who asked."""

from __future__ import annotations

import colorsys
import hashlib
import math
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from stand_ins.replicate.headline import choose_headline, fit, line_height, strongest_word

Color = tuple[int, int, int]

_INK: Color = (14, 12, 26)
_WHITE: Color = (255, 255, 255)
# Hue of the light and hue of the dark side of each palette, and the accent that stands out on it.
_PALETTES: tuple[tuple[float, float, Color], ...] = (
    (0.58, 0.70, (255, 222, 45)),
    (0.94, 0.78, (255, 231, 76)),
    (0.05, 0.97, (255, 241, 118)),
    (0.45, 0.56, (255, 214, 51)),
    (0.76, 0.66, (94, 255, 214)),
    (0.08, 0.02, (140, 240, 255)),
    (0.33, 0.46, (255, 238, 88)),
    (0.52, 0.62, (255, 138, 76)),
)


@dataclass(frozen=True)
class Look:
    """Everything about the picture that follows from the prompt and the seed alone."""

    light: Color
    dark: Color
    accent: Color
    angle: int


def look_for(prompt: str, seed: int) -> Look:
    """Return the colors for a prompt: the same prompt and seed always look the same."""
    digest = hashlib.sha256(f"{seed}:{prompt}".encode()).digest()
    light_hue, dark_hue, accent = _PALETTES[digest[0] % len(_PALETTES)]
    shift = (digest[1] / 255 - 0.5) * 0.04
    return Look(
        light=_hsv(light_hue + shift, 0.78, 0.98),
        dark=_hsv(dark_hue + shift, 0.92, 0.30),
        accent=accent,
        angle=digest[2] % 30,
    )


def _hsv(hue: float, saturation: float, value: float) -> Color:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def compose(prompt: str, faces: list[Image.Image], size: tuple[int, int], seed: int) -> Image.Image:
    """Return the finished picture."""
    look = look_for(prompt, seed)
    width, height = size
    wide = width >= height
    unit = min(width, height)
    diameter = round(unit * (0.80 if wide else 0.62))
    if wide:
        center = (width - round(unit * 0.47), round(height * 0.53))
        box = (round(unit * 0.07), round(unit * 0.08), width - diameter - round(unit * 0.15))
        bottom = height - round(unit * 0.10)
    else:
        center = (width // 2, height - round(unit * 0.42))
        box = (round(unit * 0.06), round(unit * 0.08), width - round(unit * 0.06))
        bottom = height - diameter - round(unit * 0.20)
    picture = _background(size, look, center)
    if faces:
        _portrait(picture, faces[0], center, diameter, look)
    else:
        _play_button(picture, center, round(diameter * 0.78), look)
    for index, face in enumerate(faces[1:4]):
        spot = (round(unit * (0.15 + 0.19 * index)), height - round(unit * 0.13))
        _portrait(picture, face, spot, round(unit * 0.17), look)
    if len(faces) > 1:
        bottom -= round(unit * 0.17)
    _headline(picture, choose_headline(prompt), (*box, bottom), look)
    _footer(picture, look, unit)
    return picture


def _background(size: tuple[int, int], look: Look, center: tuple[int, int]) -> Image.Image:
    """Paint a soft light behind the face, rays around it, dots in the corner, dark edges."""
    width, height = size
    reach = round(math.hypot(width, height) * 1.05)
    glow = Image.radial_gradient("L").resize((reach * 2, reach * 2), Image.Resampling.BICUBIC)
    left, top = reach - center[0], reach - center[1]
    glow = ImageOps.invert(glow.crop((left, top, left + width, top + height)))
    picture = Image.composite(
        Image.new("RGB", size, look.light), Image.new("RGB", size, look.dark), glow
    )
    rays = Image.new("L", size, 0)
    draw = ImageDraw.Draw(rays)
    circle = (center[0] - reach, center[1] - reach, center[0] + reach, center[1] + reach)
    for start in range(look.angle, look.angle + 360, 20):
        draw.pieslice(circle, start, start + 10, fill=46)
    rays = ImageChops.multiply(rays, glow)
    picture.paste(_WHITE, (0, 0), rays.filter(ImageFilter.GaussianBlur(height / 500)))
    _dots(picture, look)
    return picture


def _dots(picture: Image.Image, look: Look) -> None:
    """Paint a halftone that fades out of the lower left corner."""
    height = picture.height
    step = max(round(min(picture.size) / 30), 8)
    mask = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(mask)
    for row in range(12):
        for column in range(22):
            radius = step * 0.36 * (1 - math.hypot(row / 12, column / 22))
            if radius <= 0.5:
                continue
            x, y = (column + (row % 2) / 2) * step, height - row * step
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=90)
    picture.paste(look.accent, (0, 0), mask)


def _disc(diameter: int) -> Image.Image:
    """Return a smooth round mask: drawn four times larger, then shrunk."""
    large = Image.new("L", (diameter * 4, diameter * 4), 0)
    ImageDraw.Draw(large).ellipse((0, 0, diameter * 4 - 1, diameter * 4 - 1), fill=255)
    return large.resize((diameter, diameter), Image.Resampling.LANCZOS)


def _stamp(
    picture: Image.Image, what: Image.Image | Color, center: tuple[int, int], diameter: int
) -> None:
    corner = (center[0] - diameter // 2, center[1] - diameter // 2)
    picture.paste(
        what if isinstance(what, Image.Image) else Image.new("RGB", (diameter, diameter), what),
        corner,
        _disc(diameter),
    )


def _shadow(picture: Image.Image, center: tuple[int, int], diameter: int) -> None:
    mask = Image.new("L", picture.size, 0)
    radius, drop = diameter / 2, diameter * 0.03
    x, y = center[0] + drop / 2, center[1] + drop
    ImageDraw.Draw(mask).ellipse((x - radius, y - radius, x + radius, y + radius), fill=150)
    picture.paste(_INK, (0, 0), mask.filter(ImageFilter.GaussianBlur(diameter * 0.03)))


def _portrait(
    picture: Image.Image, face: Image.Image, center: tuple[int, int], diameter: int, look: Look
) -> None:
    """Put the face into a round frame of accent and white, lifted off by a shadow."""
    _shadow(picture, center, diameter)
    _stamp(picture, look.accent, center, diameter)
    _stamp(picture, _WHITE, center, round(diameter * 0.955))
    inner = round(diameter * 0.915)
    # Faces sit above the middle of most photos, so the crop does too.
    crop = ImageOps.fit(face, (inner, inner), Image.Resampling.LANCZOS, centering=(0.5, 0.35))
    _stamp(picture, crop, center, inner)


def _play_button(picture: Image.Image, center: tuple[int, int], diameter: int, look: Look) -> None:
    """Paint what stands in the place of a face when none was given."""
    _shadow(picture, center, diameter)
    _stamp(picture, _WHITE, center, diameter)
    inner = round(diameter * 0.93)
    _stamp(picture, look.dark, center, inner)
    large = Image.new("L", (inner * 3, inner * 3), 0)
    points = [(1.14, 0.87), (1.14, 2.13), (2.22, 1.5)]
    ImageDraw.Draw(large).polygon([(x * inner, y * inner) for x, y in points], fill=255)
    mask = large.resize((inner, inner), Image.Resampling.LANCZOS)
    picture.paste(look.accent, (center[0] - inner // 2, center[1] - inner // 2), mask)


def _headline(
    picture: Image.Image, words: list[str], box: tuple[int, int, int, int], look: Look
) -> None:
    """Write heavy capitals: a shadow, a dark outline, then the word; one word in the accent."""
    left, top, right, bottom = box
    font, lines = fit(words, round((right - left) * 0.94), bottom - top)
    outline, weight = max(round(font.size * 0.11), 2), max(round(font.size * 0.032), 1)
    accent = strongest_word(words)
    y = top + (bottom - top - len(lines) * line_height(font)) / 2
    spots: list[tuple[float, float, str, Color]] = []
    index = 0
    for line in lines:
        x = float(left + outline)
        for word in line:
            spots.append((x, y, word, look.accent if index == accent else _WHITE))
            x += font.getlength(word + " ")
            index += 1
        y += line_height(font)
    shade = Image.new("L", picture.size, 0)
    shader = ImageDraw.Draw(shade)
    drop = outline * 0.8
    for x, y, word, _ in spots:
        shader.text((x + drop, y + drop), word, font=font, fill=170, stroke_width=outline)
    picture.paste(_INK, (0, 0), shade.filter(ImageFilter.GaussianBlur(outline * 0.5)))
    draw = ImageDraw.Draw(picture)
    for x, y, word, _ in spots:
        draw.text((x, y), word, font=font, fill=_INK, stroke_width=outline, stroke_fill=_INK)
    for x, y, word, color in spots:
        draw.text((x, y), word, font=font, fill=color, stroke_width=weight, stroke_fill=color)


def _footer(picture: Image.Image, look: Look, unit: int) -> None:
    """Close the picture with a thin bar in the accent color."""
    width, height = picture.size
    bar = max(round(unit * 0.018), 3)
    ImageDraw.Draw(picture).rectangle((0, height - bar, width, height), fill=look.accent)
