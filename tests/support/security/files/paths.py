"""Names of files that lead, or seem to lead, out of the folder of whoever gives them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from urllib.parse import quote

LOOK_ALIKES: dict[str, Callable[[str], str]] = {
    "a full-width digit": lambda name: chr(ord(name[0]) + 0xFEE0) + name[1:],
    "a zero width space": lambda name: f"{name[:8]}\u200b{name[8:]}",
    "a zero width joiner at the end": lambda name: f"{name}\u200d",
    "a soft hyphen": lambda name: name.replace("-", "\u00ad-", 1),
    "a real hyphen": lambda name: name.replace("-", "\u2010"),
    "a combining accent": lambda name: f"{name}\u0301",
    "a byte order mark": lambda name: f"\ufeff{name}",
    "a mark of direction": lambda name: f"\u202e{name[::-1]}",
    "a Cyrillic letter": lambda name: name.replace("a", "\u0430").replace("e", "\u0435") + "\u0430",
    "a slash that is none": lambda name: f"{name}\u2215x",
    "capitals": lambda name: name.upper() if name.upper() != name else f"{name}A",
    "a letter more": lambda name: f"{name}x",
    "a letter less": lambda name: name[:-1],
    "no dashes": lambda name: name.replace("-", ""),
    "braces": lambda name: f"{{{name}}}",
    "a trailing dot": lambda name: f"{name}.",
    "a trailing space": lambda name: f"{name} ",
    "a leading space": lambda name: f" {name}",
    "a tab": lambda name: f"{name}\t",
    "a line break": lambda name: f"{name}\n",
    "a NUL": lambda name: f"{name}\0",
    "a percent sign": lambda name: "%" + name[1:],
    "an underscore": lambda name: "_" + name[1:],
    "a star": lambda name: f"{name[:4]}*",
    "a quote": lambda name: f"{name}' or '1'='1",
    "a dollar": lambda name: f"{name}$",
}
# Ways up and out of a folder, before the name of another one.
CLIMBS = {
    "up": "../",
    "up twice": "../../",
    "up and down": "x/../../",
    "up, in the middle": "./../",
    "up, encoded": "%2e%2e%2f",
    "up, half encoded": "..%2f",
    "up, dots encoded": "%2e%2e/",
    "up, encoded twice": "%252e%252e%252f",
    "up, too long for UTF-8": "%c0%ae%c0%ae/",
    "up, backslash": "..\\",
    "up, backslash encoded": "..%5c",
    "up, with a semicolon": "..;/",
    "up, with full-width dots": "\uff0e\uff0e/",
    "up, with a dot leader": "\u2025/",
    "up, with a full-width slash": "..\uff0f",
    "up, with a NUL": "..\0/",
    "up, with a space": ".. /",
    "three dots": ".../",
    "four dots and slashes": "....//",
    "a slash": "/",
    "two slashes": "//",
    "a backslash": "\\",
    "a colon": ":",
    "a query": "?/",
    "a fragment": "#/",
    "an address": "http://127.0.0.1/",
    "a drive": "C:\\",
}


def names(me: uuid.UUID, victim: uuid.UUID, file: str) -> Mapping[str, str]:
    """Give names for the victim's file, or for one beside it, as somebody else would write them."""
    mine, theirs = str(me), str(victim)
    new = f"{theirs}/{uuid.uuid4()}.png"
    found = {"the victim's": f"{theirs}/{file}", "a new one of the victim's": new}
    for kind, alike in LOOK_ALIKES.items():
        found[f"the victim's folder with {kind}"] = f"{alike(theirs)}/{file}"
        found[f"my own folder with {kind}"] = f"{alike(mine)}/{file}"
    for kind, climb in CLIMBS.items():
        found[f"{kind}, from my folder"] = f"{mine}/{climb}{theirs}/{file}"
        found[f"{kind}, from the root"] = f"{climb}{theirs}/{file}"
    return found | {
        "nothing": "",
        "a file in no folder": file,
        "my folder alone": mine,
        "my folder and a slash": f"{mine}/",
        "a folder without a name": f"/{file}",
        "dots alone": f"../{file}",
        "both folders": f"{mine},{theirs}/{file}",
        "both buckets": f"faces/{theirs}/{file}",
        "an encoded slash": f"{theirs}%2f{file}",
        "very long": f"{theirs}/" + "long/" * 400 + file,
        "very long, of mine": f"{mine}/" + uuid.uuid4().hex * 400,
    }


def is_within(name: str, folder: uuid.UUID) -> bool:
    """Return whether a name stays in a folder, also for whoever takes it for a path."""
    head, _, rest = name.partition("/")
    parts = rest.replace("\\", "/").split("/")
    return head == str(folder) and not {"", ".", ".."}.intersection(parts)


def raw(name: str) -> str:
    """Write a name into an address, as it is: what is encoded already stays so."""
    return quote(name, safe="/%.\\:;?#")


def once(name: str) -> str:
    """Write a name into an address so that it is decoded once."""
    return quote(name, safe="")
