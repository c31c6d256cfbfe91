"""The stand-in as a part of the local stack."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import stripe

from local_stack import key_files
from local_stack.blueprint import Blueprint
from local_stack.stack import SERVICES, Stack
from local_stack.stripe_service import key_of_environment
from thumbsmith.project import config, keys
from thumbsmith.project.addresses import STRIPE_API_BASE
from thumbsmith.project.errors import StackError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def blueprint(tmp_path: Path) -> Blueprint:
    ports = {name: 5000 + number for number, name in enumerate(SERVICES)}
    return Blueprint(tmp_path, ports, key_files.load_or_create(tmp_path / "keys"), config.load())


def test_the_stack_starts_the_stand_in_and_says_how_to_call_it(tmp_path: Path) -> None:
    with Stack(
        tmp_path, services=("stripe",), database_url="", stripe_key="", migrate=False
    ) as stack:
        env = stack.env
        client = stripe.StripeClient(
            env["STRIPE_SECRET_KEY"], base_addresses={"api": env["STRIPE_API_BASE"]}
        )
        assert client.v1.customers.create({"name": "Ana"}).name == "Ana"
        assert env["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")
        assert stack.stripe.secret_key == env["STRIPE_SECRET_KEY"]
        assert stack.stripe.secret_key not in repr(stack.stripe)


def test_events_go_to_the_sidecar_when_there_is_one(blueprint: Blueprint) -> None:
    (alone,) = blueprint.stand_ins({"stripe"})
    (*_, with_sidecar) = blueprint.stand_ins(set(SERVICES))
    assert "STRIPE_WEBHOOK_URL" not in alone.env
    hook = f"{blueprint.sidecar_url}/webhooks/stripe"
    assert with_sidecar.env["STRIPE_WEBHOOK_URL"] == hook
    assert blueprint.stripe.sidecar_env.keys() == {
        "STRIPE_API_BASE",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_WEBHOOK_SECRET_PREVIOUS",
    }


def test_a_key_of_the_test_mode_puts_stripe_in_the_place_of_the_stand_in(
    blueprint: Blueprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_from_listen")
    names = {one.name for one in blueprint.stand_ins(set(SERVICES))}
    real = replace(blueprint, stripe_key="sk_test_real")
    assert names - {one.name for one in real.stand_ins(set(SERVICES))} == {"stripe"}
    # Secrets of a real account reach the sidecar and nothing that is printed.
    assert real.stripe.public_env == {"STRIPE_API_BASE": STRIPE_API_BASE}
    assert real.stripe.sidecar_env == {
        "STRIPE_API_BASE": STRIPE_API_BASE,
        "STRIPE_SECRET_KEY": "sk_test_real",
        "STRIPE_WEBHOOK_SECRET": "whsec_from_listen",
        "STRIPE_WEBHOOK_SECRET_PREVIOUS": "",
    }
    assert blueprint.stripe.webhook_secret != "whsec_from_listen"
    assert "sk_test_real" not in repr(real)


@pytest.mark.parametrize(
    ("base", "is_taken"),
    [
        (None, True),
        (STRIPE_API_BASE, True),
        ("http://127.0.0.1:4242", False),
        ("http://localhost:4242/", False),
        ("http://[::1]:4242", False),
    ],
)
def test_the_key_of_an_old_stand_in_is_not_taken_for_a_real_one(
    monkeypatch: pytest.MonkeyPatch, base: str | None, is_taken: bool
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_of_the_shell")
    if base is None:
        monkeypatch.delenv("STRIPE_API_BASE", raising=False)
    else:
        monkeypatch.setenv("STRIPE_API_BASE", base)
    assert key_of_environment() == ("sk_test_of_the_shell" if is_taken else "")


def test_a_shell_that_knows_the_last_stack_can_start_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_of_the_last_stack")
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:9")
    with Stack(tmp_path, services=("stripe",), database_url="", migrate=False) as stack:
        assert not stack.stripe.is_real
        assert stack.env["STRIPE_SECRET_KEY"] != "sk_test_of_the_last_stack"


def test_a_live_key_is_refused(blueprint: Blueprint) -> None:
    live = replace(blueprint, stripe_key="sk_live_real")
    with pytest.raises(StackError, match="test mode") as caught:
        live.stand_ins(set(SERVICES))
    assert "sk_live_real" not in str(caught.value)


def test_a_folder_of_an_older_stack_gets_the_missing_tokens_once(tmp_path: Path) -> None:
    made = key_files.load_or_create(tmp_path)
    file = tmp_path / "tokens.json"
    old = {
        name: value for name, value in json.loads(file.read_text()).items() if "stripe" not in name
    }
    keys.write_private(file, old)
    mended = key_files.load_or_create(tmp_path)
    assert mended.tokens.jwt_secret == made.tokens.jwt_secret
    assert mended.tokens.stripe_secret_key not in {"", made.tokens.stripe_secret_key}
    assert key_files.load_or_create(tmp_path) == mended
