"""The client types of supabase/types: what the Supabase CLI writes, and what it cannot know."""

from __future__ import annotations

from dataclasses import dataclass

from devtools.types import results, words
from devtools.types.words import Words

# Arguments that take fewer words than the column of the same name.
_ARGUMENTS: Words = {("start_checkout", "item_kind"): ("pack", "subscription")}


@dataclass(frozen=True)
class Facts:
    """What the database says beside its column types.

    `words` are those of columns, by relation and column; `arguments` those of function arguments.
    `never_null` are columns of composite types; `json` the TypeScript of JSON results by function.
    """

    words: Words
    arguments: Words
    never_null: set[tuple[str, str]]
    json: dict[str, str]

    @classmethod
    def read(cls, url: str) -> Facts:
        """Read them from a migrated database."""
        return cls(words.read(url), _ARGUMENTS, results.never_null(url), results.of_json(url))

    def union(self, relation: str, column: str, quote: str) -> list[str]:
        """Return the words of a column as literals, none when it takes any text."""
        return [f"{quote}{word}{quote}" for word in self.words.get((relation, column), ())]
