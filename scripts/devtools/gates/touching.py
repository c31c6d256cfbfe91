"""What a migration does to that which was there before it: locks, long work, data, losses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from devtools.gates.statements import Statement, split

_NAME = r"(?:if exists |if not exists |only )*([\w.]+)"
_MADE = re.compile(
    r"create (?:or replace (?=function|procedure)|unlogged |materialized )*"
    rf"(?:table|view|function|procedure|type|domain|schema|sequence) {_NAME}"
)
_POLICY = re.compile(rf"(?:create|alter|drop) policy (?:if exists )?\w+ on {_NAME}")
_INDEX = re.compile(rf"create (?:unique )?index (?!concurrently).*? on {_NAME}")
# Each of these locks what it names so that others wait.
_LOCKING = [
    _INDEX,
    re.compile(rf"alter (?:table|view|materialized view|sequence|type|domain) {_NAME}"),
    re.compile(rf"create (?:or replace |constraint )*trigger \w+ .*? on {_NAME}"),
    re.compile(rf"create or replace view {_NAME}"),
    re.compile(rf"drop (?:trigger|rule) (?:if exists )?\w+ on {_NAME}"),
    re.compile(rf"drop (?!index concurrently|trigger|rule|policy)(?:\w+ )+?{_NAME}(?: |$|,|\()"),
    re.compile(rf"(?:update|delete from|merge into|truncate(?: table)?|lock table) {_NAME}"),
    re.compile(rf"refresh materialized view {_NAME}"),
]
_REFERENCES = re.compile(rf" references {_NAME}")
_VALIDATING = re.compile(r"alter table [\w. ]+ validate constraint \w+$")
_CONCURRENT = re.compile(r"(?:create (?:unique )?|drop |re)index .*?concurrently ")
_DATA = re.compile(r"(?:update|delete from|merge into|insert into|truncate) ")
_ADDED = re.compile(rf"alter table {_NAME} .*?\badd column ")
_LOSING = [
    re.compile(rf"alter table {_NAME} .*?(?:drop column|rename |set schema|set not null)"),
    re.compile(rf"alter table {_NAME} .*?alter column \w+ (?:set data )?type "),
    re.compile(rf"alter (?:type|view|function|procedure|domain|schema) {_NAME} .*?(?:rename|drop)"),
    re.compile(rf"drop (?:materialized )?(?:table|view|function|procedure|type|schema) {_NAME}"),
    re.compile(rf"revoke .*? on (?:table |function |schema |sequence |type )?{_NAME}"),
]


@dataclass(frozen=True)
class Migration:
    """A file and its statements."""

    name: str
    content: str
    statements: list[Statement]

    @classmethod
    def read(cls, name: str, content: str) -> Migration:
        """Take a file apart."""
        return cls(name, content, split(content))

    @property
    def settings(self) -> dict[str, str]:
        """What the file sets before anything else."""
        found = {}
        for statement in self.statements:
            setting = re.match(r"set (\w+) (?:=|to) '?(\w+)'?$", statement.text)
            if setting is None:
                break
            found[setting[1]] = setting[2]
        return found

    @property
    def work(self) -> list[Statement]:
        """All but the settings."""
        return [one for one in self.statements if not one.code.startswith("set ")]

    @property
    def made(self) -> set[str]:
        """What the file makes itself: nobody waits for that."""
        return {made[1] for one in self.statements if (made := _MADE.match(one.code))}

    @property
    def policies(self) -> list[str]:
        """The tables whose policies are changed, also those of this file."""
        return [on[1] for one in self.statements if (on := _POLICY.match(one.code))]

    @property
    def locked(self) -> list[str]:
        """What others may wait for while this file runs."""
        found = [*self.policies]
        for one in self.statements:
            if not is_long(one):
                found += [name for name in _locked_by(one) if name not in self.made]
        return found

    @property
    def indexed(self) -> list[str]:
        """The tables of other files that get an index while nobody may write."""
        found = [on[1] for one in self.statements if (on := _INDEX.match(one.code))]
        return [name for name in found if name not in self.made]

    @property
    def lost(self) -> list[str]:
        """What older code may miss afterwards."""
        found = [
            lost[1]
            for one in self.statements
            for pattern in _LOSING
            if (lost := pattern.match(one.code))
        ]
        return [name for name in found if name not in self.made]

    @property
    def has_new_column(self) -> bool:
        """Whether a table of another file gets a column."""
        found = [to[1] for one in self.statements if (to := _ADDED.match(one.code))]
        return not set(found) <= self.made

    @property
    def has_data(self) -> bool:
        """Whether rows are changed, also from within a block."""
        return any(
            _DATA.match(one.code) or (one.code.startswith("do ") and _DATA.search(code(one.body)))
            for one in self.work
        )


def is_long(statement: Statement) -> bool:
    """Whether it may take its time: nobody waits for it."""
    return bool(_VALIDATING.match(statement.code) or is_concurrent(statement))


def is_concurrent(statement: Statement) -> bool:
    """Whether an index is built or dropped beside everybody else's work."""
    return bool(_CONCURRENT.match(statement.code))


def is_policy(statement: Statement) -> bool:
    """Whether it belongs in a file of policies."""
    return bool(_POLICY.match(statement.code)) or statement.code.startswith(
        ("comment on policy ", "grant ", "revoke ")
    )


def code(body: str) -> str:
    """Give a block as one line of code."""
    return "; ".join(one.code for one in split(body))


def _locked_by(statement: Statement) -> Iterator[str]:
    if statement.code.startswith("do "):
        # A block is no list of statements: whatever it says, it may do.
        inside = code(statement.body)
        for pattern in [*_LOCKING, _POLICY]:
            yield from pattern.findall(inside)
        return
    for pattern in _LOCKING:
        if on := pattern.match(statement.code):
            yield on[1]
            break
    if statement.code.startswith(("create table ", "alter table ")):
        yield from _REFERENCES.findall(statement.code)
