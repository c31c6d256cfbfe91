"""What a hostile client may be told: nothing of somebody else, and no error that is not listed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from local_stack.paths import PROJECT
from tests.support.security.hostile.wire import Call, Reply

ERRORS = PROJECT / "docs" / "errors.md"
SECTION = "## What an RPC may answer"
# What PostgreSQL says before a rule of ours is asked, and of what.
OF_CALLING = {
    "22P02": "a text that is no uuid, number, boolean or JSON",
    "22P05": "a NUL, or half of a surrogate pair, in a text",
    "22021": "bytes that are no UTF-8",
    "22003": "a number that its type cannot hold",
    "22023": "JSON of another shape than the arguments have",
    "25006": "a GET for a function that writes",
    "42703": "a column that is not there",
    "42846": "a cast that there is not",
    "42883": "an operator that the type does not have",
}
# And of what readers want of their rows.
OF_READING = OF_CALLING | {
    "2200N": "a text that is no XML",
    "2201B": "a pattern that is none",
    "22025": "a pattern that ends in its escape",
    "22007": "a text that is no time",
    "22008": "a time that there never is",
    "42501": "a relation that is not theirs to read, inside of one that is",
    "42601": "words to search for that cannot be read",
    "42602": "a text that cannot be the name of a relation",
    "42704": "a type, or a language of texts, that is not there",
    "42725": "an operator that more than one type has",
    "42804": "an operator that does not say yes or no",
    "42P01": "a text taken for the name of a relation",
}
PRIVILEGE = "42501"
NOTHING = {b"", b"null", b"[]"}


def documented(text: str | None = None) -> dict[str, int]:
    """Return the slugs that an RPC may answer, and the status of each."""
    page = ERRORS.read_text() if text is None else text
    section = page.partition(SECTION)[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d{3}) \| (.+?) \|", section, re.MULTILINE)
    return {slug: int(status) for status, cell in rows for slug in re.findall(r"`(\w+)`", cell)}


@dataclass(frozen=True)
class ReplyChecker:
    """Knows what may be answered, and what nobody but its owner may be told."""

    secrets: tuple[str, ...]
    codes: Mapping[str, str] = field(default_factory=lambda: OF_CALLING)
    slugs: Mapping[str, int] = field(default_factory=documented)

    def faults(self, call: Call, reply: Reply, *, may: bool) -> Iterator[str]:
        """Say what is wrong with a reply."""
        if reply.status >= 500:
            yield f"{reply.status}: {reply.body[:300]!r}"
        if reply.status >= 400 and not self._is_listed(reply, may=may):
            yield f"not a listed error: {reply.status} {reply.body[:300]!r}"
        told = self.told(call, reply)
        if told:
            yield f"tells {told}: {reply.body[:300]!r}"
        if not may and is_served(call, reply):
            yield f"served: {reply.status} {reply.body[:300]!r}"

    def told(self, call: Call, reply: Reply) -> list[str]:
        """Return the secrets in a reply that whoever asked has not sent."""
        return [one for one in self.secrets if reply.holds(one) and not call.holds(one)]

    def _is_listed(self, reply: Reply, *, may: bool) -> bool:
        if reply.body in NOTHING:
            # A HEAD, or a refusal that is committed, of which no row was wanted.
            return True
        if not reply.said:
            # A refusal that is committed comes in the form that was asked for.
            return any(reply.holds(slug) for slug in self.slugs if self.slugs[slug] == reply.status)
        code, slug = str(reply.said.get("code")), str(reply.said.get("message"))
        if code.startswith("PT"):
            return self.slugs.get(slug) == reply.status == int(code[2:])
        if code == PRIVILEGE and not may:
            return True
        return code.startswith("PGRST") or code in self.codes


def is_served(call: Call, reply: Reply) -> bool:
    """Say whether there was an answer: for a HEAD, or for no row, nothing may have been called."""
    return reply.status < 300 and call.method in {"GET", "POST"} and reply.body not in NOTHING


def summary(faults: Iterable[str], shown: int = 20) -> str:
    """Write the first faults, one a line."""
    return "\n".join(list(faults)[:shown])
