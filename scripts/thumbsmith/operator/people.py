"""The person that a command is about."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thumbsmith.console.errors import CommandError

if TYPE_CHECKING:
    from psycopg.rows import DictRow

    from thumbsmith.operator.transaction import Connection


@dataclass(frozen=True)
class Person:
    """A profile, and the address it signs in with while its account is there."""

    id: uuid.UUID
    email: str | None

    def __str__(self) -> str:
        return self.email or str(self.id)


def find_person(connection: Connection, person: str) -> Person:
    """Return the profile with this id, or with this address of its account."""
    # A profile outlives its account; the id finds it then, the address does not.
    query = """
        select p.id, u.email::text as email
        from public.profiles as p
        left join auth.users as u on u.id = p.id
        where {}
    """
    profile_id = _as_uuid(person)
    if profile_id:
        rows = connection.execute(query.format("p.id = %s"), (profile_id,)).fetchall()
    else:
        rows = connection.execute(
            query.format("lower(u.email) = lower(%s)"), (person.strip(),)
        ).fetchall()
    if len(rows) > 1:  # accounts of single sign-on may share an address
        ids = ", ".join(str(row["id"]) for row in rows)
        raise CommandError("many_profiles", f"{person} belongs to {ids}.", "Give the id.")
    if not rows:
        raise CommandError(
            "profile_not_found",
            f"There is no profile with the {'id' if profile_id else 'address'} {person}.",
            "Give the id of a profile, or the e-mail address of its account.",
        )
    return Person(**rows[0])


def balance(connection: Connection, person: Person) -> DictRow:
    """Return what the person owns, and what my_credits() tells them."""
    claims = "select set_config('request.jwt.claims', %s, true)"
    connection.execute(claims, (json.dumps({"sub": str(person.id)}),))
    row = connection.execute(
        """
        select p.credits, c.available, c.held, c.frozen, p.debt
        from public.profiles as p
        cross join public.my_credits() as c
        where p.id = %s
        """,
        (person.id,),
    ).fetchone()
    connection.execute(claims, ("",))
    if row is None:
        raise LookupError(person.id)
    return row


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
