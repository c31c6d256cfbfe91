"""The one way in which a command fails: a slug for programs, a sentence and a hint for people."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FINDING = 1
    USAGE = 2
    TRY_AGAIN = 3


class CommandError(Exception):
    """A command cannot do what was asked; raised anywhere, printed once, as text or as JSON.

    `slug` is stable. `more` are further fields of the JSON form.
    """

    def __init__(
        self,
        slug: str,
        detail: str = "",
        hint: str = "",
        code: Exit = Exit.FINDING,
        **more: object,
    ) -> None:
        super().__init__(f"{slug}: {detail}" if detail else slug)
        self.slug = slug
        self.detail = detail
        self.hint = hint
        self.code = code
        self.more = more
