"""What a statement sees: its tables, and which of their columns are equal to a known value."""

from __future__ import annotations

from dataclasses import dataclass, field

from devtools.gates.sql_functions import Node

# A column of one table in one statement: the number of its place in a from clause, and its name.
Column = tuple[int, str]
KNOWN: Column = (0, "")


@dataclass(frozen=True)
class Table:
    """A table that a statement may read: its columns, and the person's, if it has people's rows."""

    name: str
    columns: frozenset[str]
    person: str | None = None


@dataclass
class Scope:
    """What a statement sees: its own tables and those of the statements around it."""

    places: dict[str, tuple[int, Table]] = field(default_factory=dict)
    # Each column's class of equal columns, as a forest.
    parents: dict[Column, Column] = field(default_factory=dict)
    # Of an outer join: what becomes known as soon as the other is, and never the other way.
    follows: list[tuple[Column, Column]] = field(default_factory=list)
    # Of each with clause: the names of its columns, and of those that hold the known person.
    queries: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)

    def inner(self) -> Scope:
        """Return what a statement inside this one sees."""
        return Scope(dict(self.places), dict(self.parents), list(self.follows), dict(self.queries))

    def class_of(self, column: Column) -> Column:
        """Return the column that stands for all that are equal to this one."""
        while column in self.parents:
            column = self.parents[column]
        return column

    def equate(self, left: Column, right: Column) -> None:
        """Note that two columns are equal."""
        left, right = sorted((self.class_of(left), self.class_of(right)))
        if left != right:
            # The smaller one stands for both, and KNOWN is the smallest.
            self.parents[right] = left

    def is_known(self, column: Column) -> bool:
        """Return whether the value is known before the statement."""
        is_news = True
        while is_news:
            is_news = False
            for follower, leader in self.follows:
                known = self.class_of(leader) == KNOWN
                if known and self.class_of(follower) != KNOWN:
                    self.equate(follower, KNOWN)
                    is_news = True
        return self.class_of(column) == KNOWN

    def column(self, node: Node) -> Column | None:
        """Return the column that a reference means; None when it is a variable."""
        names = [one["string"]["sval"] for one in node["fields"] if "string" in one]
        if len(names) == 1:
            # The innermost table that has it, which is the one placed last.
            found = [place for place, table in self.places.values() if names[0] in table.columns]
            return (max(found), names[0]) if found else None
        if len(names) > 1 and names[-2] in self.places:
            return self.places[names[-2]][0], names[-1]
        return None
