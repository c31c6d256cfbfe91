"""Chooses the few words of a prompt that go on the picture, and fits them into a box."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PIL import ImageFont

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_MARKER = re.compile(r"\[(?:fail|slow)(?::\d+)?\]", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“«]([^\"”»]{2,60})[\"”»]|(?<!\w)'([^']{2,60})'(?!\w)")
_SMALL_WORDS = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "before", "by", "for", "from", "in", "into", "is"}
    | {"it", "my", "of", "on", "or", "the", "this", "to", "with"}
)
_MAX_WORDS = 7
_MAX_LINES = 4


def choose_headline(prompt: str) -> list[str]:
    """Return the words to show: text in quotes if there is any, else the first few words."""
    text = _MARKER.sub(" ", prompt)
    quoted = _QUOTED.search(text)
    if quoted:
        text = quoted.group(1) or quoted.group(2)
    else:
        # The first clause says what the picture is about; the rest is direction for the artist.
        text = re.split(r"[.,;:!?\n—]", text.strip(), maxsplit=1)[0] or text
    words = re.findall(r"[\w'\u2019$%&+#!?-]+", text)[:_MAX_WORDS]
    while len(words) > 1 and words[-1].lower() in _SMALL_WORDS:
        words.pop()
    return [_shorten(word).upper() for word in words] or ["WATCH", "THIS"]


def _shorten(word: str) -> str:
    return word if len(word) <= 16 else word[:15] + "…"


def strongest_word(words: list[str]) -> int:
    """Return the index of the word that deserves the accent color: the longest, latest one."""
    return max(range(len(words)), key=lambda index: (min(len(words[index]), 9), index))


def fit(words: list[str], width: int, height: int) -> tuple[FreeTypeFont, list[list[str]]]:
    """Return the largest font, and the lines, with which the words fill the box."""
    for size in range(max(height // 2, 24), 18, -max(height // 120, 1)):
        font = _font(size)
        lines = _wrap(words, font, width)
        if lines and len(lines) <= _MAX_LINES and len(lines) * line_height(font) <= height:
            return font, lines
    return font, lines or [words]


def _font(size: int) -> FreeTypeFont:
    font = ImageFont.load_default(size=size)
    # Only a Pillow built without FreeType returns its old bitmap font here.
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101
    return font


def line_height(font: FreeTypeFont) -> int:
    """Return the distance between two lines of capitals."""
    return round(font.size * 1.02)


def _wrap(words: list[str], font: FreeTypeFont, width: int) -> list[list[str]]:
    """Break greedily; an empty answer means that one word alone is too wide."""
    lines: list[list[str]] = [[]]
    for word in words:
        if font.getlength(word) > width:
            return []
        if lines[-1] and font.getlength(" ".join([*lines[-1], word])) > width:
            lines.append([])
        lines[-1].append(word)
    return lines
