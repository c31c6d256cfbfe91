"""The statements of an SQL file, cut as PostgreSQL and the Supabase CLI cut them.

A semicolon ends a statement unless it stands in a string, a quoted name, a body between dollars, a
comment, brackets, or a body that begins with `begin atomic`.
"""

from __future__ import annotations

import re

# Signs that a name may hold: a letter before a quote or a dollar makes it another thing.
_IN_NAME = r"[A-Za-z0-9_$\x80-\U0010ffff]"
# A string goes on after a line break, with the same rules for backslashes.
_GOES_ON = r"[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:\s|--[^\n\r]*[\n\r])*"
_ESCAPING = r"'(?:[^'\\]|''|\\.)*'"
_TOKEN = re.compile(
    rf"""
    (?P<line>--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<string>(?<!{_IN_NAME})[eE]{_ESCAPING}(?:{_GOES_ON}{_ESCAPING})*|'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<dollar>(?<!{_IN_NAME})\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<end>;)
    | (?P<word>[A-Za-z_\x80-\U0010ffff]{_IN_NAME}*)
    | (?P<other>[^\s])
    """,
    re.DOTALL | re.VERBOSE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
# White space as the CLI knows it, which runs on JavaScript.
_BLANK = (
    " \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)


def split(content: str) -> list[str]:
    """Return the statements in order, each with the comments before it and without its end."""
    return [part for part in map(_trimmed, _cut(content)) if part]


def without_comments(statement: str) -> str:
    """Return a statement from its first word on, with single blanks where comments stood."""
    kept, at = "", 0
    while token := _TOKEN.search(statement, at):
        kept += statement[at : token.start()]
        at = _end(statement, token)
        kept += " " if token["line"] or token["block"] else statement[token.start() : at]
    return " ".join((kept + statement[at:]).split())


def _cut(content: str) -> list[str]:
    found = []
    start, at, depth = 0, 0, 0
    is_atomic, last_word, is_first = False, "", True
    while token := _TOKEN.search(content, at):
        at = _end(content, token)
        if token["line"] or token["block"]:
            continue
        word = (token["word"] or "").upper()
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth = max(depth - 1, 0)
        elif word == "ATOMIC" and last_word == "BEGIN":
            is_atomic = True
        elif is_atomic and is_first and word == "END":
            is_atomic = False
        elif token["end"] and depth == 0 and not is_atomic:
            found.append(content[start:at])
            start = at
        # In a body that is atomic, only an END that begins a statement ends the body.
        is_first = bool(token["end"]) or (word == "ATOMIC" and is_atomic)
        last_word = word
    return [*found, content[start:]]


def _end(content: str, token: re.Match[str]) -> int:
    """Return where a token ends: of comments and bodies only the beginning was matched."""
    if token["block"]:
        return _end_of_comment(content, token.end())
    if token["dollar"]:
        closing = content.find(token["dollar"], token.end())
        return len(content) if closing < 0 else closing + len(token["dollar"])
    return token.end()


def _end_of_comment(content: str, at: int) -> int:
    """Return where a comment ends; comments of this kind nest."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(content, at)):
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at if depth == 0 else len(content)


def _trimmed(part: str) -> str:
    return part.rstrip(";").strip(_BLANK)
