"""Names of files that lead elsewhere, asked of the policies themselves, where no server helps."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.database import Connection
from tests.support.security.access.engine import Outcome, Try, quoted, run
from tests.support.security.files.paths import is_within, names
from tests.support.security.populated import PopulatedDatabase

BUCKETS = ("faces", "thumbnails")
WHO = ("other", "guest", "anon", "owner")
EVERYTHING = """
select coalesce(jsonb_agg(jsonb_build_array(o.bucket_id, o.name, o.owner_id) order by o.id), '[]')
from storage.objects as o
"""


@dataclass(frozen=True)
class Account:
    """Somebody who tries, as whom, and whose files they are after."""

    who: str
    role: str
    id: uuid.UUID
    victim: uuid.UUID

    @property
    def has_folder(self) -> bool:
        """Return whether they are somebody."""
        return self.role == "authenticated"


def person(world: PopulatedDatabase, who: str) -> Account:
    """Return somebody; the owner is after the files of the other one."""
    me = world.owner if who == "anon" else getattr(world, who)
    victim = world.other if who == "owner" else world.owner
    return Account(who, "anon" if who == "anon" else "authenticated", me.id, victim.id)


def known(one: Account) -> Mapping[str, str]:
    """Return the names that PostgreSQL can hold."""
    file = "spare.png"
    return {
        kind: name for kind, name in names(one.id, one.victim, file).items() if "\0" not in name
    }


def like(name: str) -> str:
    """Ask for a name, for what begins with it, and for what is like it."""
    text = quoted(name)
    return (
        f"(name = {text} or starts_with(lower(name), lower({text})) or name ilike {text} || '%'"
        f" or path_tokens[1] = split_part({text}, '/', 1))"
    )


def asked(connection: Connection, one: Account, statements: list[str]) -> list[Outcome]:
    """Run statements as somebody, each undone, and return what is there afterwards."""
    me = one.id if one.has_folder else None
    tries = [
        Try(one.role, text, me, reads=text.startswith("select"), after=EVERYTHING)
        for text in statements
    ]
    return run(connection, tries)


def made(outcome: Outcome, before: list[Any]) -> list[Any]:
    """Return the rows that are new."""
    return [row for row in outcome.after or before if row not in before]


def there(connection: Connection) -> list[Any]:
    row = connection.execute(EVERYTHING).fetchone()
    assert row is not None
    found: list[Any] = next(iter(row.values()))
    return found


@pytest.mark.parametrize("who", WHO)
def test_no_name_puts_a_file_outside_of_the_own_folder(
    world: PopulatedDatabase, admin: Connection, who: str
) -> None:
    one = person(world, who)
    before = there(admin)
    for bucket in BUCKETS:
        found = known(one)
        assert len(found) >= 60
        inserts = [
            "insert into storage.objects (bucket_id, name, owner_id) values"
            f" ({quoted(bucket)}, {quoted(name)}, {quoted(one.id)})"
            for name in found.values()
        ]
        for (kind, name), outcome in zip(found.items(), asked(admin, one, inserts), strict=True):
            if not outcome.error:
                assert made(outcome, before) == [[bucket, name, str(one.id)]]
                assert (bucket, is_within(name, one.id)) == ("faces", True), kind
            elif one.has_folder and bucket == "faces" and is_within(name, one.id):
                # What is literal within the own folder: too long to be kept, and nothing else.
                assert outcome.error == "54000", (kind, outcome)
            else:
                assert outcome.error in {"42501", "23505"}, (kind, outcome)
    honest = f"insert into storage.objects (bucket_id, name) values ('faces', '{one.id}/a/b.png')"
    (control,) = asked(admin, one, [honest])
    assert (control.error == "") is one.has_folder


@pytest.mark.parametrize("who", WHO)
def test_no_name_shows_a_file_outside_of_the_own_folder(
    world: PopulatedDatabase, admin: Connection, who: str
) -> None:
    one = person(world, who)
    asking = [
        f"select coalesce(jsonb_agg(name), '[]') from storage.objects where {like(name)}"
        for name in [*known(one).values(), f"{one.id}/", "%", "_"]
    ]
    *found, mine, everything, _ = asked(admin, one, asking)
    for outcome in [*found, mine, everything]:
        assert outcome.error == ""
        assert [name for name in outcome.said if not name.startswith(f"{one.id}/")] == []
    assert bool(mine.said) is one.has_folder
    assert bool(everything.said) is one.has_folder


@pytest.mark.parametrize("who", WHO)
def test_no_name_changes_or_deletes_a_file_outside_of_the_own_folder(
    world: PopulatedDatabase, admin: Connection, who: str
) -> None:
    one = person(world, who)
    before = there(admin)
    foreign = [row for row in before if not row[1].startswith(f"{one.id}/")]
    own = f"{one.id}/spare.png"
    changes = list(_changes(known(one), one, own))
    for statement, outcome in zip(changes, asked(admin, one, changes), strict=True):
        if outcome.error:
            assert outcome.error in {"42501", "23505", "54000"}, (statement, outcome)
            continue
        assert [row for row in foreign if row not in outcome.after] == [], statement
        assert made(outcome, before) == [], statement
    deletes = [f"delete from storage.objects where name = {quoted(own)} and bucket_id = 'faces'"]
    (control,) = asked(admin, one, deletes)
    assert (["faces", own, str(one.id)] in control.after) is not one.has_folder


def _changes(found: Mapping[str, str], one: Account, own: str) -> Iterator[str]:
    for name in [*found.values(), "", "%", "_"]:
        yield f"delete from storage.objects where {like(name)}"
        yield f"update storage.objects set name = {quoted(own + '.taken')} where {like(name)}"
        yield f"update storage.objects set name = {quoted(name)} where name = {quoted(own)}"
        yield f"update storage.objects set bucket_id = 'thumbnails' where {like(name)}"
        yield f"update storage.objects set owner_id = '{one.id}' where {like(name)}"


@pytest.mark.parametrize("who", ["other", "guest"])
def test_a_face_with_such_a_name_is_answered_as_an_absent_one(
    world: PopulatedDatabase, admin: Connection, who: str
) -> None:
    one = person(world, who)

    def add(name: str, before: str = "") -> Try:
        said = f"select to_jsonb(x) from public.add_user_image({quoted(name)}) as x"
        return Try("authenticated", said, one.id, reads=True, before=before)

    outside = [name for name in known(one).values() if not is_within(name, one.id)]
    # Somebody got it there, under the name of who asks: the folder is another one all the same.
    planted = [
        "insert into storage.objects (bucket_id, name, owner_id) values ('faces',"
        f" {quoted(name)}, {quoted(one.id)}) on conflict do nothing"
        if not name.startswith(f"{one.id}/")
        else ""
        for name in outside
    ]
    tries = [add(f"{one.id}/absent.png"), *map(add, outside, planted)]
    absent, *found = run(admin, [*tries, add(f"{one.id}/spare.png")])
    assert (absent.error, absent.message) == ("PT404", "object_not_found")
    *refused, control = found
    long = [name for name in outside if len(name) > 2000]
    for name, outcome in zip(outside, refused, strict=True):
        # A name that no file can have cannot be planted either.
        assert outcome == absent or name in long, (name, outcome)
    assert control.error == ""
    assert control.said["profile_id"] == str(one.id)
