"""Every command of the installed package, on a database and outside of any checkout."""

from __future__ import annotations

import signal
import time
import uuid
from pathlib import Path

import pytest

from local_stack.key_files import load_or_create
from local_stack.postgres import ADMIN
from local_stack.sidecar import sidecar_environment
from tests.product.wheel.conftest import Installed
from tests.support.database import Database, sign_up
from thumbsmith.db import migrations
from thumbsmith.project.ports import HOST, free_ports
from thumbsmith.project.probes import http_ok

NEEDS_THE_REPOSITORY = (
    *(("stack", "up"), ("stack", "down"), ("demo",), ("bench", "--full"), ("db", "lint")),
)
# Commands that work on a database in which one person has signed up, and a word of what they say.
WORK = {
    "report": "margin_by_plan",
    "report margin_by_plan": "margin_by_plan",
    "credits history {person}": "sign_up",
    "credits grant {person} 5 --why=test": "55",
    "credits revoke {person} 5 --why=test": "45",
    "credits freeze {person} --why=test": "true",
    "credits release {person} --why=test": "true",
    "codes create WHEEL-2026 --credits=5 --why=test": "WHEEL-2026",
    "codes list": "codes",
    "stripe alarms": "alarms",
    "jobs list": "jobs",
    "jobs list --all": "jobs",
}
# Commands that are refused there, and a word of why.
REFUSED = {
    "generations show {nobody}": "{nobody}",
    "codes disable {nobody} --why=test": "code_not_found",
    "jobs retry 4711 --why=test": "4711",
    "jobs drop 4711 --why=test": "4711",
    "stripe resolve 4711 --why=test": "4711",
    "stripe replay evt_4711": "STRIPE_SECRET_KEY",
    "stripe reconcile": "STRIPE_SECRET_KEY",
    "catalog diff": "STRIPE_SECRET_KEY",
    "catalog push": "STRIPE_SECRET_KEY",
    "catalog pull": "STRIPE_SECRET_KEY",
    "models check": "REPLICATE_API_TOKEN",
}


@pytest.fixture
def migrated(installed: Installed, empty: Database) -> Database:
    """Let the package itself migrate the database."""
    versions = list(migrations.versions())
    assert len(versions) > 80
    before = installed.json(1, "db", "status", f"--db-url={empty.url}")
    assert [one["applied"] for one in before["migrations"]] == [False] * len(versions)
    up = installed.json(0, "db", "up", f"--db-url={empty.url}")
    assert up["applied"] == versions
    return empty


@pytest.mark.timeout(240)
def test_an_operator_has_every_command(installed: Installed, migrated: Database) -> None:
    url = f"--db-url={migrated.url}"
    assert installed.json(0, "db", "up", url)["applied"] == []
    assert installed.json(0, "db", "status", DB_URL=migrated.url)["ok"] is True
    values = {"person": sign_up(migrated), "nobody": uuid.uuid4()}
    wrong = []
    for lines, codes in ((WORK, {0}), (REFUSED, {1, 2})):
        for line, word in lines.items():
            done = installed.run(*line.format(**values).split(), url, "--json")
            said = word.format(**values) in done.stdout
            if done.returncode not in codes or not said or "Traceback" in done.stderr:
                wrong.append((line, done.returncode, done.stdout, done.stderr))
    assert wrong == []


def test_check_finds_a_ledger_that_was_broken_on_purpose(
    installed: Installed, migrated: Database
) -> None:
    person, url = sign_up(migrated), f"--db-url={migrated.url}"
    healthy = installed.json(0, "check", url)
    assert len(healthy["checks"]) > 30
    with migrated.connect(ADMIN) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("update public.profiles set credits = credits + 1 where id = %s", (person,))
    broken = installed.json(1, "check", url)
    found = {check["name"]: check["rows"] for check in broken["checks"] if check["rows"]}
    assert "balance_is_sum_of_entries" in found
    assert str(person) in str(found["balance_is_sum_of_entries"])


def test_doctor_looks_at_the_machine_and_the_database(
    installed: Installed, empty: Database
) -> None:
    alone = installed.json(0, "doctor")
    names = [check["name"] for check in alone["checks"]]
    assert names == ["python", "psycopg", "files", "sidecar settings", "database", "migrations"]
    pending = installed.json(1, "doctor", f"--db-url={empty.url}")
    assert [check["name"] for check in pending["checks"] if not check["ok"]] == ["migrations"]
    away = installed.json(1, "doctor", "--db-url=postgresql://x@127.0.0.1:1/x")
    assert {c["name"] for c in away["checks"] if not c["ok"]} == {"database", "migrations"}
    odd = installed.json(1, "doctor", SUPABASE_URL="nonsense")
    assert [check["name"] for check in odd["checks"] if not check["ok"]] == ["sidecar settings"]


@pytest.mark.parametrize("command", NEEDS_THE_REPOSITORY, ids=" ".join)
def test_commands_of_the_repository_say_that_they_need_it(
    installed: Installed, command: tuple[str, ...]
) -> None:
    refused = installed.json(2, *command)
    assert refused["error"] == "needs_repository"
    assert "needs the repository" in refused["detail"]
    in_words = installed.run(*command)
    assert in_words.returncode == 2
    assert len(in_words.stderr.splitlines()) <= 2
    assert "needs the repository" in in_words.stderr


def test_the_sidecar_starts_answers_and_drains(
    installed: Installed, migrated: Database, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    keys = load_or_create(tmp_path / "keys")
    absent = f"http://{HOST}:1"
    env = sidecar_environment(migrated.url, absent, absent, keys, port)
    log = tmp_path / "sidecar.log"
    process = installed.start(log, "sidecar", **env)
    try:
        is_ready = http_ok(f"http://{HOST}:{port}/readyz")
        deadline = time.monotonic() + 30
        while not is_ready():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) in {0, -signal.SIGTERM}, log.read_text()
    finally:
        process.kill()
        process.wait()
    refused = installed.run("sidecar")
    assert refused.returncode == 2
    assert "SIDECAR_DATABASE_URL" in refused.stderr
