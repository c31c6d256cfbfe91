"""Keys and addresses of Stripe: what is refused, before anything is changed, and in which words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.canaries import runs
from tests.support.cli.command_runner import CommandRunner
from tests.support.database import Database
from tests.support.local_stack.stack_process import thumbsmith
from thumbsmith.project import state
from thumbsmith.project.ports import HOST, free_ports

LIVE_KEY = "sk_live_" + "vest" * 6


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        "secret-word-of-mine",
        "pk_test_" + "pest" * 6,
        "sk_test_short",
        "sk_test_" + "kept" * 6 + "\n",
        "sk_test_" + "kept" * 6 + "; drop",
        '"sk_test_' + "kept" * 6 + '"',
        "sk_test_" + "kept" * 5 + "kepü",
        "sk_test_" + "x" * 24,
        "sk_test_your_key_goes_here",
        "sk_prod_" + "kept" * 6,
        "whsec_" + "kept" * 8,
        "r8_" + "kept" * 9,
        "Bearer sk_test_" + "kept" * 6,
        "sk_test_" + "kept" * 80,
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(
    refusing_shop: CommandRunner, key: str
) -> None:
    done = refusing_shop.run("catalog", "push", "--yes", "--json", STRIPE_SECRET_KEY=key)
    assert done.exit_code == 2
    assert '"stripe_key_malformed"' in done.stdout
    assert refusing_shop.links() == {}
    text = refusing_shop.run("catalog", "diff", STRIPE_SECRET_KEY=key).stderr
    assert text.startswith("stripe_key_malformed: STRIPE_SECRET_KEY ")
    assert not runs(key) & runs(text + done.output)


def test_a_good_key_is_taken(shop: CommandRunner) -> None:
    """Positive control of the refusals around it."""
    assert shop.report("catalog", "push", "--yes")["ok"]


def test_without_a_key_it_is_asked_for(shop: CommandRunner, tmp_path: Path) -> None:
    folder = f"--data-dir={tmp_path}"
    report = shop.report("catalog", "diff", folder, code=2, STRIPE_SECRET_KEY=None)
    assert report["error"] == "stripe_key_missing"
    assert shop.report("catalog", "diff", folder, code=1)["mode"] == "test"


def test_the_key_of_a_running_stack_is_for_its_own_database_only(
    shop: CommandRunner, tmp_path: Path
) -> None:
    env = {"STRIPE_SECRET_KEY": shop.stripe.key, "STRIPE_API_BASE": shop.stripe.url}
    own = state.ProcessState.of("supervisor", os.getpid())
    none = {"STRIPE_SECRET_KEY": None, "STRIPE_API_BASE": None}
    folder = f"--data-dir={tmp_path}"
    state.StackState(own, env=env | {"DB_URL": shop.db.url}, ready=True).save(tmp_path)
    assert shop.report("catalog", "diff", folder, code=1, **none)["changes"]
    state.StackState(own, env=env | {"DB_URL": shop.db.url + "2"}, ready=True).save(tmp_path)
    report = shop.report("catalog", "diff", folder, code=2, **none)
    assert report["error"] == "stripe_key_missing"


def test_a_key_that_stripe_does_not_know_is_refused(shop: CommandRunner) -> None:
    wrong = "sk_test_" + "west" * 6
    report = shop.report("catalog", "push", "--yes", code=2, STRIPE_SECRET_KEY=wrong)
    assert report["error"] == "stripe_key_refused"
    assert shop.links() == {}


def test_a_live_key_never_goes_to_a_test_database(shop: CommandRunner) -> None:
    base = {"STRIPE_API_BASE": "https://api.stripe.com", "STRIPE_SECRET_KEY": LIVE_KEY}
    for command in (["catalog", "push", "--yes", "--live"], ["stripe", "reconcile"]):
        report = shop.report(*command, code=2, **base)
        assert report["error"] == "stripe_mode_differs"


def test_live_mode_has_to_be_said_twice(shop: CommandRunner) -> None:
    shop.db.rows("update private.settings set stripe_livemode = true")
    base = {"STRIPE_API_BASE": "https://127.0.0.2:1", "STRIPE_SECRET_KEY": LIVE_KEY}
    refused = shop.run("catalog", "push", "--yes", "--json", **base)
    assert (refused.exit_code, "live_not_confirmed" in refused.stdout) == (2, True)
    assert "live mode" in refused.stderr
    # Positive control: with --live it goes to ask, and nobody is there.
    asked = shop.report("catalog", "push", "--yes", "--live", code=3, **base)
    assert asked["error"] == "stripe_unreachable"
    # And a test key is not for this database any more.
    assert shop.report("catalog", "diff", code=2)["error"] == "stripe_mode_differs"


@pytest.mark.parametrize(
    ("base", "key"),
    [
        ("http://api.stripe.com", None),
        ("http://user:word@127.0.0.1:1", None),
        ("ftp://127.0.0.1:1", None),
        ("https://[", None),
        ("nowhere", None),
        ("http://127.0.0.1:1", LIVE_KEY),
        (" ", None),
        ("https://api.stripe.com\n", None),
        ('"https://api.stripe.com"', None),
        ("https://api.stripe.com/?word=1", None),
        ("https://api.stripe.com/#word", None),
        ("https://api.stripe.com:word", None),
    ],
)
def test_a_key_does_not_go_to_an_odd_address(
    refusing_shop: CommandRunner, base: str, key: str | None
) -> None:
    more = {"STRIPE_SECRET_KEY": key} if key else {}
    report = refusing_shop.report("catalog", "diff", code=2, STRIPE_API_BASE=base, **more)
    assert report["error"] == "stripe_base_malformed"
    assert "word" not in report["detail"]


def test_stripe_away_is_worth_another_try(shop: CommandRunner) -> None:
    (port,) = free_ports(1)
    away = {"STRIPE_API_BASE": f"http://{HOST}:{port}"}
    report = shop.report("catalog", "push", "--yes", code=3, **away)
    assert report["error"] == "stripe_unreachable"
    done = shop.run("stripe", "replay", "evt_1", "--yes", **away)
    assert done.exit_code == 3
    assert "no answer: try again" in done.stderr
    assert shop.links() == {}


def test_too_many_calls_and_errors_of_stripe_are_worth_another_try(shop: CommandRunner) -> None:
    for fault in ("rate_limit_next", "error_before_next"):
        shop.stripe.faults(reset=True, on_method="", **{fault: 9})
        report = shop.report("catalog", "diff", code=3)
        assert report["error"] == "stripe_unreachable"
    shop.stripe.faults(reset=True)
    assert shop.changes("diff", code=1)


def test_a_database_that_is_away_is_worth_another_try(shop: CommandRunner) -> None:
    (port,) = free_ports(1)
    away = CommandRunner(Database(f"postgresql://postgres@{HOST}:{port}/postgres"), shop.stripe)
    assert away.run("catalog", "push", "--yes").exit_code == 3
    assert shop.report("catalog", "push", "--yes")["ok"]


def test_what_stripe_refuses_is_told_in_its_words(shop: CommandRunner) -> None:
    shop.db.rows(
        "update public.credit_packs set title = repeat('x', 5001) where pack_key = 'starter'"
    )
    report = shop.report("catalog", "push", "--yes", code=1)
    assert report["error"] == "stripe_refused"
    assert report["detail"].startswith("v1.products.create: ")
    # What came before it is linked, and the rest follows once it is mended.
    assert {item for item, _ in shop.links().values()} == {"creator"}
    shop.db.rows("update public.credit_packs set title = 'Starter' where pack_key = 'starter'")
    assert shop.report("catalog", "push", "--yes")["ok"]


def test_the_program_itself_pushes_and_shows_no_key(shop: CommandRunner) -> None:
    env = {name: str(value) for name, value in shop.env.items() if value}
    for key, code in ((shop.stripe.key, 0), (LIVE_KEY, 2)):
        command = ["catalog", "push", "--yes", f"--db-url={shop.db.url}"]
        done = thumbsmith(*command, env=env | {"STRIPE_SECRET_KEY": key})
        assert done.returncode == code, done.stderr
        assert key not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert len(shop.links()) == len(shop.catalog())
