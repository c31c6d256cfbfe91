"""Everything a person and an operator do, good days and bad, and no secret is left anywhere.

The database logs every statement with its values, the sidecar says all that it ever says, and a
second sidecar works with services that repeat whatever key they are called with.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from local_stack.database import open_sidecar_role
from local_stack.sidecar import sidecar_environment, sidecar_service
from local_stack.stack import Stack
from tests.support import canaries, templates, watch
from tests.support.canaries import MARK, Needles
from tests.support.database import Database
from tests.support.echo import Echo, echoing
from tests.support.end_to_end.checkout_driver import PACK, PLAN, CheckoutDriver
from tests.support.end_to_end.generations import wait
from tests.support.rest import Caller
from tests.support.stand_ins.stripe.stand_in import StandIn
from tests.support.waiting import eventually
from thumbsmith.catalog.publish import publish_catalog
from thumbsmith.cli import app
from thumbsmith.project.ports import free_ports
from thumbsmith.project.process import wait_until_ready

TALKATIVE = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
    "log_min_messages": "debug1",
}
COMMANDS = [
    *("check", "jobs list", "codes list", "catalog diff", "stripe alarms", "stripe reconcile"),
    *("models check", "report margin_by_plan", "db status", "credits history {person}"),
    *("generations show {generation}", "doctor"),
]


@dataclass
class Life:
    """A stack, and who lives there."""

    stack: Stack
    db: Database
    checkout_driver: CheckoutDriver

    def sign_up(self) -> Caller:
        return Caller.sign_up(self.stack.api_url, self.stack.keys.publishable_key)

    def faults(self, **switches: Any) -> None:
        url = f"{self.stack.replicate_url}/_faults"
        assert httpx.post(url, json=switches, trust_env=False).is_success

    def log(self, name: str) -> str:
        return (self.stack.data_dir / "logs" / f"{name}.log").read_text(errors="replace")

    def command(self, words: str) -> str:
        """Run a command of the operator's, and return all that it says."""
        wanted = ("DB_URL", "STRIPE_SECRET_KEY", "STRIPE_API_BASE", "REPLICATE_API_TOKEN")
        env = {name: self.stack.env[name] for name in (*wanted, "REPLICATE_BASE_URL")}
        done = CliRunner().invoke(app, [*words.split(), "--json"], env=env)
        assert done.exit_code in {0, 1}, (words, done.output)
        return done.output


@contextmanager
def talkative() -> Iterator[Life]:
    """Run a stack in which everything says as much as it can."""
    with (
        templates.stack(on_started=publish_catalog) as stack,
        closing(Database(stack.db_url)) as db,
    ):
        with psycopg.connect(stack.admin_url, autocommit=True) as admin:
            for name, value in TALKATIVE.items():
                admin.execute(f"alter system set {name} = '{value}'".encode())
            admin.execute("select pg_reload_conf()")
        stripe = StandIn(stack.env["STRIPE_API_BASE"], stack.env["STRIPE_SECRET_KEY"])
        with stripe.http:
            yield Life(stack, db, CheckoutDriver(stack, stripe, db))


@pytest.fixture(scope="module")
def life() -> Iterator[Life]:
    with talkative() as made:
        yield made


def live(life: Life) -> tuple[Caller, str]:
    """Have a picture with a face, one that fails, buy, be refunded, and return what is left."""
    ana = life.sign_up()
    asked = ana.request(generation_type="thumbnail", prompt="hello", user_image_id=ana.add_face())
    done = wait(ana, asked.json()["id"])
    assert done["status"] == "succeeded"
    for switches in ({"fail_next": 1}, {"rate_limit_next": 1}, {"payment_required_next": 1}):
        life.faults(**switches)
        wait(ana, ana.request().json()["id"])
    life.faults(reset=True)
    bought = life.checkout_driver.buy(ana, **PACK)
    life.checkout_driver.buy(ana, **PLAN)
    life.checkout_driver.stripe.act("refund", payment_intent=bought.id("payment_intent"))
    life.checkout_driver.idle()
    return ana, str(done["id"])


def knock(life: Life) -> list[httpx.Response]:
    """Send every route of the sidecar and the gateway what they refuse, with secrets in it."""
    secret = life.stack.keys.tokens
    hooks = {
        "/webhooks/stripe": {"stripe-signature": f"t={int(time.time())},v1={secret.jwt_secret}"},
        f"/webhooks/replicate?profile={uuid.uuid4()}&attempt={uuid.uuid4()}": {
            "webhook-id": secret.replicate_api_token,
            "webhook-timestamp": str(int(time.time())),
            "webhook-signature": f"v1,{secret.replicate_webhook_secret}",
        },
    }
    with httpx.Client(base_url=life.stack.sidecar_url, trust_env=False) as http:
        said = [http.post(path, json={"id": MARK}, headers=sent) for path, sent in hooks.items()]
        bearer = {"authorization": f"Bearer {secret.stripe_secret_key}"}
        paths = ("/healthz", "/readyz", "/metrics", f"/{MARK}", "/")
        said += [http.get(path, headers=bearer) for path in paths]
    key = {"apikey": life.stack.keys.secret_key}
    with httpx.Client(base_url=life.stack.api_url, headers=key, trust_env=False) as http:
        said += [
            http.get("/rest/v1/nothing", headers=bearer),
            http.get("/rest/v1/profiles?select=nothing"),
            http.post("/rest/v1/rpc/request_generation", json={"prompt": 1}),
            http.get("/auth/v1/user", headers=bearer),
            http.get("/auth/v1/admin/users/x"),
            http.get("/storage/v1/object/faces/x", headers=bearer),
            http.post("/storage/v1/object/nothing/x", content=b"x"),
        ]
    return said


@contextmanager
def repeated(life: Life, echo: Echo) -> Iterator[Path]:
    """Have a sidecar work whose three services repeat its keys; the other one sleeps."""
    (port,) = free_ports(1)
    stack, own = life.stack, life.stack.service("sidecar")
    env = sidecar_environment(stack.db_url, echo.url, echo.url, stack.keys, port)
    env |= stack.stripe.sidecar_env | {"STRIPE_API_BASE": echo.url, "LOG_LEVEL": "DEBUG"}
    # With this the SDK of Stripe prints what it sends and gets.
    other = sidecar_service(
        env | {"STRIPE_LOG": "debug"}, stack.data_dir / "logs" / "repeated.log", port
    )
    own.stop()
    try:
        other.start()
        wait_until_ready([other])
        yield other.log
    finally:
        other.stop()
        own.start()
        wait_until_ready([own])


def suffer(life: Life, echo: Echo, ana: Caller) -> None:
    """Ask for things while each service answers with errors that repeat the key."""
    fast = (
        "update private.settings set first_retry_wait = '0.1 seconds', generation_deadline = '{}'"
    )
    life.db.rows(fast.format("10 minutes"))
    for echo.status in (401, 422, 500, 200):
        echo.keys.clear()
        ana.request()
        ana.rpc("start_checkout", **PACK, idempotency_key=str(uuid.uuid4()))
        eventually(lambda: len(set(echo.keys)) >= 2)
        time.sleep(0.3)


def test_a_whole_life_leaves_no_secret_in_logs_tables_answers_and_arguments(life: Life) -> None:
    ana, generation = live(life)
    with closing(ana.http):
        answers = knock(life)
        assert {answer.status_code for answer in answers} >= {200, 400, 401, 404}
        for words in COMMANDS:
            life.command(words.format(person=ana.user_id, generation=generation))
        with echoing() as echo, repeated(life, echo) as log:
            suffer(life, echo, ana)
        tokens, said = life.stack.keys.tokens, log.read_text()
        assert {tokens.replicate_api_token, tokens.stripe_secret_key} <= set(echo.keys)
        assert '"report": "submit_refused"' in said
        # Positive control: the words around the keys were kept.
        kept = life.db.rows(
            "select distinct r.provider_error from private.generation_attempts as r"
        )
        assert "Authorization: Bearer [removed]" in {row["provider_error"] for row in kept}
        assert watch.look_at_stack(life.stack) == []
        ana.rpc("delete_my_account", confirmation="delete my account")
        erased = partial(
            life.db.value, "select count(*) from private.erasures where finished_at is not null"
        )
        life.db.rows("update private.jobs set due_at = now() where dead_at is null")
        eventually(erased)
    open_sidecar_role(life.stack.admin_url)
    # Positive control: statements are logged with their values.
    written = life.log("postgres")
    assert generation in written
    assert "report_submit_refused" in written
    assert 'alter role "thumbsmith_sidecar" with login password \'SCRAM-SHA-256$' in written
    assert watch.look_at_stack(life.stack) == []
    assert [one for one in answers if Needles(MARK).places(one.content)] == []


def test_the_key_of_known_addresses_is_in_no_log_and_no_dump(life: Life) -> None:
    with closing(life.sign_up().http) as http:
        assert http.get("/rest/v1/profiles").status_code == 200
    secrets = canaries.vault(life.stack.admin_url)
    assert all(len(secret) == 64 for secret in secrets.values())
    needles = Needles(*secrets.values())
    assert canaries.look_at_folder(life.stack.data_dir, needles) == []
    assert watch.look_at_database(life.stack.admin_url, needles) == []
    # Positive control: it has been used, and a dump that holds it is one in which it is found.
    assert life.db.value("select count(*) from private.known_addresses") > 0
    with canaries.planted() as found:
        life.db.rows("create table public.leaks as select %s::text as told", secrets.popitem()[1])
        watch.look_at_database(life.stack.admin_url, needles)
        life.db.rows("drop table public.leaks")
    assert found


@pytest.mark.parametrize("status", [401, 500])
def test_commands_show_no_key_that_a_service_repeats(life: Life, status: int) -> None:
    # The commands run in this process, where what they are answered is found too.
    with echoing(status) as echo, canaries.planted() as found:
        env = {name: life.stack.env[name] for name in ("STRIPE_SECRET_KEY", "REPLICATE_API_TOKEN")}
        env |= {"DB_URL": life.stack.db_url}
        env |= {"STRIPE_API_BASE": echo.url, "REPLICATE_BASE_URL": echo.url}
        for words in ("catalog push --yes", "stripe reconcile --yes --json", "models check"):
            done = CliRunner().invoke(app, words.split(), env=env)
            assert done.exit_code in {2, 3}, done.output
            assert MARK not in done.output
        assert set(env.values()) >= set(echo.keys)
        assert len(set(echo.keys)) == 2
    assert found
    assert {one[:7] for one in found} == {"the ans", "the hea"}
