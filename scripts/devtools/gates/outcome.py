"""What a gate says: its findings, none when all is well, or why it could not run."""

from __future__ import annotations

Findings = list[str]


class NotRunError(Exception):
    """A gate lacks something that this machine does not have; the message says what."""
