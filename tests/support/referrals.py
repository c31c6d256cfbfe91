"""Sign-ups with a friend's code, and what came of each code."""

from __future__ import annotations

import uuid
from typing import Any

from tests.support.database import Database, sign_up
from tests.support.people import code_of

REFERRALS = (
    "select referrer_id, code, status, reason from public.referrals"
    " where referred_id = %s order by id"
)


def join(db: Database, friend: uuid.UUID, *, is_confirmed: bool = True) -> uuid.UUID:
    """Sign somebody up with the code of a friend."""
    return sign_up(db, data={"referral": code_of(db, friend)}, is_confirmed=is_confirmed)


def apply(db: Database, person: uuid.UUID, code: str | None) -> dict[str, Any]:
    """Apply a code after the sign-up and return the answer."""
    row = db.call(person, "select public.apply_referral_code(%s) as answer", code)
    return dict(row["answer"])


def said(answer: dict[str, Any]) -> tuple[str, str]:
    """Return code and slug of a refusal."""
    return answer["code"], answer["message"]


def outcomes(db: Database, person: uuid.UUID) -> list[tuple[str, str | None]]:
    """Return status and reason of every code the person came with, oldest first."""
    return [(row["status"], row["reason"]) for row in db.rows(REFERRALS, person)]


def set_to(db: Database, **settings: Any) -> None:
    """Change settings."""
    for column, value in settings.items():
        db.rows(f"update private.settings set {column} = %s where id", value)
