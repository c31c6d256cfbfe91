"""What people can do to rows and what they are told, found out by doing it."""

from __future__ import annotations

import json

import pytest

from tests.support.database import Connection
from tests.support.security.access.access import read
from tests.support.security.access.calls import all_calls
from tests.support.security.access.engine import IMPOSSIBLE, Outcome, Try, run
from tests.support.security.access.probes import Prober
from tests.support.security.access.sessions import Sessions, Transcript
from tests.support.security.populated import PopulatedDatabase

SAID = read()
NOBODYS = ("gone", "nobody", "anon", "service")
# The call that shows that somebody may call a function: what it is about is theirs.
SHOWN_BY = {
    "add_user_image": "add mine again",
    "apply_referral_code": "bring nonsense",
    "cancel_generation": "cancel mine",
    "delete_my_account": "leave",
    "export_my_data": "export",
    "my_credits": "credits",
    "quote_generation": "quote thumbnail",
    "redeem_code": "redeem",
    "remove_user_image": "remove mine",
    "request_generation": "ask",
    "start_checkout": "buy again",
    "start_portal": "portal again",
}
# What PostgREST embeds: no rule stands behind it, and whoever has no row is told nothing.
EMBEDDED = {"generation_types": "types of mine"}
# Foreign and absent, and the same with what is one's own.
TWINS = [
    ("ask with a foreign face", "ask with an absent face", "ask with my face"),
    ("cancel a foreign one", "cancel an absent one", "cancel mine"),
    ("add a foreign one", "add an absent one", "add mine"),
    ("remove a foreign one", "remove an absent one", "remove mine"),
]


@pytest.fixture(scope="session")
def told(world: PopulatedDatabase) -> Transcript:
    """Let everybody call everything, once."""
    return Sessions(world).played()


def test_every_relation_has_rows(world: PopulatedDatabase) -> None:
    for kind in ("tables", "views"):
        for name in SAID.named(kind):
            assert world.db.value(f"select count(*) from {name}") > 0, name


def test_rows_buckets_and_topics_open_to_whom_the_file_says(
    world: PopulatedDatabase, admin: Connection
) -> None:
    prober = Prober(world, admin, SAID)
    # Both ways: what the file allows was done, and all else was refused.
    assert prober.rows() == []
    assert prober.calls() == []
    assert prober.count() > 2500


def test_single_columns_open_to_whom_the_file_says(
    world: PopulatedDatabase, admin: Connection
) -> None:
    tried, wrong = Prober(world, admin, SAID).columns()
    assert wrong == []
    assert tried > 3000


def test_what_can_be_done_is_seen(world: PopulatedDatabase, admin: Connection) -> None:
    admin.execute("create policy p on private.outbox for all to authenticated using (true)")
    admin.execute("grant select, insert, update, delete on private.outbox to authenticated")
    found = Prober(world, admin, SAID).rows("private.outbox")
    assert {line.split(":")[1].strip() for line in found} == {
        f"{verb} by {who}"
        for verb in ("select", "insert", "update", "delete")
        for who in ("owner", "other", "guest")
    }


def test_a_try_leaves_nothing_behind(world: PopulatedDatabase, admin: Connection) -> None:
    who = world.other.id
    tries = [
        Try("supabase_admin", "update public.plans set title = 'changed'"),
        Try("authenticated", "select to_jsonb(auth.uid())", who, reads=True),
        Try("authenticated", "select 1 / 0", who),
    ]
    changed, mine, failed = run(admin, tries)
    assert (changed.error, mine.said, failed.error) == ("", str(who), "22012")
    assert admin.execute("select from public.plans where title = 'changed'").fetchone() is None
    assert admin.execute("select current_user::text as name").fetchone() == {
        "name": "supabase_admin"
    }
    assert Outcome(error=IMPOSSIBLE[0]).is_denied


@pytest.mark.parametrize("function", SHOWN_BY)
def test_a_function_serves_whom_the_file_says(told: Transcript, function: str) -> None:
    may = SAID.may("functions", f"public.{function}", "execute")
    assert may == SAID.may("functions", f"private.{function}", "execute") or function in {
        "my_credits",
        "export_my_data",
    }
    # Whoever has rows of their own is an owner.
    for speaker, who in (
        ("other", "owner"),
        ("guest", "guest"),
        *zip(NOBODYS, NOBODYS, strict=True),
    ):
        if function == "start_portal" and speaker == "other":
            # Has bought nothing, and is told so.
            assert told.outcomes[f"{speaker}: portal"].message == "nothing_bought"
            continue
        outcome = told.outcomes[f"{speaker}: {SHOWN_BY[function]}"]
        assert (not outcome.error) is (who in may), (speaker, outcome)


def test_every_function_of_the_browser_is_called() -> None:
    names = {name.removeprefix("public.") for name in SAID.named("functions")}
    assert {name for name in names if not name.startswith("private.")} == {*SHOWN_BY, *EMBEDDED}


@pytest.mark.parametrize("function", EMBEDDED)
def test_what_is_embedded_is_told_to_whoever_has_the_row(told: Transcript, function: str) -> None:
    assert SAID.may("functions", f"public.{function}", "execute") == {"owner", "guest"}
    for who in ("other", "guest", "owner"):
        assert told.outcomes[f"{who}: {EMBEDDED[function]}"].said
    for who in ("gone", "nobody"):
        assert told.outcomes[f"{who}: {EMBEDDED[function]}"].said == []
    for who in ("anon", "service"):
        assert told.outcomes[f"{who}: {EMBEDDED[function]}"].error == "42501"


@pytest.mark.parametrize(("foreign", "absent", "mine"), TWINS)
def test_what_is_foreign_is_as_if_it_were_absent(
    told: Transcript, foreign: str, absent: str, mine: str
) -> None:
    for who in ("other", "guest", "owner"):
        said = told.outcomes[f"{who}: {foreign}"]
        assert said.error == "PT404"
        assert said == told.outcomes[f"{who}: {absent}"]
    for who in ("other", "guest"):
        assert told.outcomes[f"{who}: {mine}"].error == ""


def test_nobody_is_told_the_owners_words(world: PopulatedDatabase, told: Transcript) -> None:
    spoken = {f"{c.who}: {c.name}": c.attempt.statement for c in all_calls(world)}
    marks = ("canary", str(world.owner.id), str(world.owner.running), str(world.owner.key))

    def hears(name: str) -> bool:
        said = json.dumps([told.outcomes[name].said, told.outcomes[name].message])
        return any(mark in said and mark not in spoken[name] for mark in marks)

    assert [name for name in spoken if not name.startswith("owner:") and hears(name)] == []
    # The control: the owner hears them.
    assert hears("owner: export")
    assert len(spoken) > 300


def test_nobody_touches_the_owners_rows(told: Transcript) -> None:
    def touches(name: str) -> bool:
        return any(rows["owner"] for rows in (told.outcomes[name].after or {}).values())

    touching = {name for name in told.outcomes if not name.startswith("owner:") and touches(name)}
    # Whoever brings the owner's code gives credits to the owner; a guest was brought by somebody.
    assert touching <= {
        f"{who}: {name}"
        for who in ("other", "guest", "twin")
        for name in ("bring a code", "bring a code that pays later")
    }
    assert touches("other: bring a code")
    assert touches("owner: leave")


def test_without_an_account_nothing_is_answered(told: Transcript) -> None:
    for who, error in (("gone", "PT401"), ("nobody", "PT401"), ("anon", "42501")):
        names = [name for name in told.outcomes if name.startswith(f"{who}: ")]
        assert len(names) > 40
        for name in names:
            if name.endswith((": hidden", ": types of mine", ": upload", ": upload and climb")):
                continue
            assert told.outcomes[name].error == error, name
        # Reads nothing, uploads nothing.
        assert told.outcomes[f"{who}: hidden"].said == []
        assert told.outcomes[f"{who}: upload"].error == "42501"
        assert told.outcomes[f"{who}: upload and climb"].error == "42501"
    assert told.outcomes["other: upload"].error == ""
    assert told.outcomes["other: upload and climb"].error == "42501"


def test_people_are_told_the_same_twice(world: PopulatedDatabase, told: Transcript) -> None:
    # Or a difference would not mean anything: see test_mutations.py.
    world.db.rows("analyze")
    assert Sessions(world).played().said == told.said
