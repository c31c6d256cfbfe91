"""Before it starts: a role that may do too much is refused, a pooler is warned of."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from structlog.testing import capture_logs

from functions_py import start_checks
from functions_py.config import Settings
from functions_py.database_address import is_transaction_pooler
from functions_py.errors import ConfigError
from local_stack.postgres import ADMIN, PASSWORD, Postgres
from tests.support.database import Database
from tests.support.sidecar.environment import GOOD, LOCAL
from thumbsmith.project.addresses import with_role

WORD = uuid.uuid4().hex


def settings(db: Database, role: str, password: str, **more: object) -> Settings:
    """Return settings with this database for this role."""
    given = {name.lower(): value for name, value in GOOD.items()}
    given["sidecar_database_url"] = with_role(db.url, role, password)
    given.update({name: str(value) for name, value in more.items()})
    return Settings(**given)  # type: ignore[arg-type]


@pytest.fixture
def role(db: Database, server: Postgres) -> Iterator[str]:
    """Make a role that may do what the sidecar's may, and nothing else."""
    name = f"sidecar_{uuid.uuid4().hex[:8]}"
    assert server.port == int(str(conninfo_to_dict(db.url)["port"]))
    db.rows(f"create role {name} login password '{WORD}' in role thumbsmith_sidecar", role=ADMIN)
    try:
        yield name
    finally:
        db.rows(f"drop owned by {name}", role=ADMIN)
        db.rows(f"drop role {name}", role=ADMIN)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("alter role {} superuser", "is a superuser"),
        ("alter role {} bypassrls", "bypasses row level security"),
        ("grant select on public.profiles to {}", "has a privilege on"),
        ("grant update (credits) on public.profiles to {}", "has a privilege on"),
        ("grant insert on private.audit_log to {}", "has a privilege on"),
        (
            "create schema elsewhere authorization {0}; create table elsewhere.t ();"
            " alter table elsewhere.t owner to {0}",
            "has a privilege on elsewhere.t",
        ),
    ],
)
def test_a_role_with_too_many_rights_is_refused(
    db: Database, role: str, given: str, reason: str
) -> None:
    # Positive control: as it was made it may start.
    start_checks.check(settings(db, role, WORD))
    db.rows(given.format(role), role=ADMIN)
    with pytest.raises(ConfigError, match=reason) as refused:
        start_checks.check(settings(db, role, WORD))
    assert "privileged_role" in str(refused.value)
    assert WORD not in str(refused.value)


def test_the_owner_may_not_be_the_sidecar_but_on_a_local_stack(db: Database) -> None:
    with pytest.raises(ConfigError, match="privileged_role"):
        start_checks.check(settings(db, "postgres", PASSWORD))


def test_the_flag_for_it_is_for_loopback_alone(db: Database) -> None:
    with pytest.raises(ValueError, match="needs ALLOW_LOOPBACK"):
        settings(db, "postgres", PASSWORD, allow_privileged_role=True)


def test_the_flag_for_it_needs_a_database_of_this_machine(db: Database) -> None:
    local = {name.lower(): value for name, value in LOCAL.items()}
    there = settings(db, "postgres", PASSWORD, **local, allow_privileged_role=True)
    # Positive control: on this machine the owner may be the sidecar's role.
    start_checks.check(there)
    away = there.sidecar_database_url.get_secret_value().replace("127.0.0.1", "db.example.com")
    given = {**there.model_dump(), "sidecar_database_url": away}
    with pytest.raises(ValueError, match="needs a database on this machine"):
        Settings(**given)


def test_a_database_that_is_away_decides_nothing(db: Database) -> None:
    with capture_logs() as logs:
        start_checks.check(settings(db, "nobody_at_all", WORD))
    assert {line["event"] for line in logs} == {"start_check_skipped"}


def test_a_question_that_fails_is_no_answer(db: Database, role: str) -> None:
    url = with_role(db.url, role, WORD)
    # Positive control: without the functions of the migrations, nothing is decided.
    assert start_checks._asked(url, "select private.no_such_function()") is None
    with pytest.raises(psycopg.errors.UndefinedTable):
        start_checks._asked(url, "select * from public.no_such_table")


@pytest.mark.parametrize(
    ("address", "is_pooler"),
    [
        ("postgresql://u:short@aws-0.pooler.supabase.com:6543/postgres", True),
        ("postgresql://u:short@aws-0.pooler.supabase.com:5432/postgres", False),
        ("postgresql://u:short@a:5432,b:6543/postgres", True),
        ("no address", False),
    ],
)
def test_a_pooler_in_transaction_mode_is_known_by_its_port(address: str, is_pooler: bool) -> None:
    assert is_transaction_pooler(address) is is_pooler


def test_it_is_warned_of_at_start(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_checks, "_asked", lambda *_: None)
    with capture_logs() as logs:
        start_checks.check(settings(db, "sidecar", WORD))
    assert logs == []
    monkeypatch.setattr(start_checks, "is_transaction_pooler", lambda _: True)
    with capture_logs() as logs:
        start_checks.check(settings(db, "sidecar", WORD))
    assert [line["event"] for line in logs] == ["transaction_pooler"]
