"""The statements of an SQL file, in a form that rules can look at."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<string>'(?:[^']|'')*')"
    r"|(?P<body>\$(?P<tag>\w*)\$(?P<inside>.*?)\$(?P=tag)\$)"
    r"|(?P<end>;)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Statement:
    """One statement on one line, without its comments."""

    # With its strings: the value of a setting is one.
    text: str
    # With empty strings and bodies: what is said in them is not done.
    code: str
    # What is between dollars.
    body: str


def split(content: str) -> list[Statement]:
    """Give the statements of a file in order."""
    found = []
    text, code, body, at = "", "", "", 0
    for token in _TOKEN.finditer(content + ";"):
        between = content[at : token.start()]
        text, code, at = text + between, code + between, token.end()
        if token["string"]:
            text, code = text + token["string"], code + "''"
        elif token["body"]:
            text, code, body = text + "$$", code + "$$", body + token["inside"]
        elif token["comment"]:
            text, code = text + " ", code + " "
        elif token["end"]:
            if text.strip():
                found.append(Statement(_on_one_line(text), _on_one_line(code), body))
            text, code, body = "", "", ""
    return found


def _on_one_line(text: str) -> str:
    return " ".join(text.lower().split())
