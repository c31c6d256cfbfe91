"""docs/states.md draws exactly the moves that the database allows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.database import refusal, request, sign_up

if TYPE_CHECKING:
    from tests.support.database import Database

PAGE = Path(__file__).parents[3] / "docs" / "states.md"


def drawn(number: int) -> set[tuple[str, str]]:
    """Return the arrows of the n-th diagram between two states."""
    diagram = re.findall(r"```mermaid\n(.*?)```", PAGE.read_text(), re.DOTALL)[number]
    return set(re.findall(r"^ +(\w+) --> (\w+)$", diagram, re.MULTILINE))


@pytest.mark.parametrize(("number", "subject"), [(0, "generation"), (1, "attempt")])
def test_the_page_draws_every_move_and_no_other(db: Database, number: int, subject: str) -> None:
    moves = db.rows(
        "select from_status, to_status from private.status_transitions() where subject = %s",
        subject,
    )
    assert drawn(number) == {(move["from_status"], move["to_status"]) for move in moves}
    assert len(moves) > 8


def test_the_database_allows_what_is_drawn_and_refuses_the_rest(db: Database) -> None:
    request(db, sign_up(db))
    states = sorted({state for move in drawn(0) for state in move})
    final = {"succeeded", "failed", "canceled", "expired"}
    allowed = set()
    refusals = set()
    for old in states:
        for new in states:
            values = {
                "succeeded": ", output_path = 'x'",
                "failed": ", error = 'x'",
            }.get(new, ", output_path = null, error = null")
            ended = "now()" if new in final else "null"
            with db.connect("postgres") as connection:
                # What the row was before is put there without asking.
                connection.execute("set session_replication_role = replica")
                connection.execute(
                    "update public.generations set status = %(old)s, error = case when %(old)s ="
                    " 'failed' then 'x' end, output_path = case when %(old)s = 'succeeded' then"
                    " 'x' end, finished_at = case when %(old)s = any(%(final)s) then now() end",
                    {"old": old, "final": list(final)},
                )
                connection.execute("set session_replication_role = origin")
                try:
                    connection.execute(
                        f"update public.generations set status = '{new}', finished_at = {ended}"
                        f"{values}"
                    )
                    allowed.add((old, new))
                except psycopg.Error as error:
                    refusals.add(refusal(error).slug)
    assert refusals == {"wrong_state"}
    assert allowed == drawn(0) | {(state, state) for state in states}
