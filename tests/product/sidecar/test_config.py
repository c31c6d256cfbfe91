"""Settings that the sidecar refuses to start with."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys

import pytest

from functions_py.config import load_settings
from functions_py.errors import ConfigError
from tests.support.sidecar.environment import GOOD, LOCAL, STRIPE, TEST_KEY, give

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_good_settings_are_taken_with_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch)
    settings = load_settings()
    assert settings.replicate_base_url == "https://api.replicate.com"
    assert settings.download_hosts == ("replicate.delivery",)
    assert (settings.sidecar_host, settings.worker_concurrency) == ("127.0.0.1", 4)
    assert settings.webhook_secrets == (GOOD["REPLICATE_WEBHOOK_SECRET"],)


def test_no_secret_shows_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    previous = "whsec_" + base64.b64encode(b"hush" * 7).decode()
    give(monkeypatch, REPLICATE_WEBHOOK_SECRET_PREVIOUS=previous)
    shown = f"{load_settings()!r} {load_settings()}"
    assert "abc.supabase.co" in shown
    assert "hush" not in shown
    assert "aHVza" not in shown


def test_while_a_secret_is_rotated_both_count(monkeypatch: pytest.MonkeyPatch) -> None:
    previous = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk"
    give(monkeypatch, REPLICATE_WEBHOOK_SECRET_PREVIOUS=previous)
    assert load_settings().webhook_secrets == (GOOD["REPLICATE_WEBHOOK_SECRET"], previous)
    give(monkeypatch, REPLICATE_WEBHOOK_SECRET_PREVIOUS="")
    assert load_settings().webhook_secrets == (GOOD["REPLICATE_WEBHOOK_SECRET"],)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    give(monkeypatch)
    load_settings()
    monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIDECAR_DATABASE_URL", ""),
        ("SIDECAR_DATABASE_URL", "mysql://hush@db/x"),
        ("SUPABASE_SECRET_KEY", ""),
        ("SUPABASE_SECRET_KEY", "sb_secret_hush"),
        ("SUPABASE_SECRET_KEY", "sb_publishable_hushhushhushhushhush"),
        ("REPLICATE_API_TOKEN", ""),
        ("REPLICATE_API_TOKEN", "r8_hush"),
        ("REPLICATE_API_TOKEN", "hushhushhushhushhushhushhushhush"),
        ("REPLICATE_WEBHOOK_SECRET", ""),
        ("REPLICATE_WEBHOOK_SECRET", "whsec_"),
        ("REPLICATE_WEBHOOK_SECRET", "whsec_hush"),
        ("REPLICATE_WEBHOOK_SECRET", "hushhushhushhushhushhushhushhush"),
        ("REPLICATE_WEBHOOK_SECRET_PREVIOUS", "hush"),
        ("SUPABASE_URL", "http://hush.supabase.co"),
        ("SUPABASE_URL", "https://127.0.0.1"),
        ("SUPABASE_URL", "https://me:hush@abc.supabase.co"),
        ("SUPABASE_URL", "hush"),
        ("REPLICATE_BASE_URL", "http://hush.replicate.com"),
        ("SIDECAR_PUBLIC_URL", "https://hush.example.com/?a=1"),
        ("SIDECAR_PORT", "99999"),
        ("OUTPUT_HOSTS", "hush.example.com,10.0.0.1"),
        ("OUTPUT_HOSTS", "localhost"),
        ("WORKER_CONCURRENCY", "0"),
        ("LOG_LEVEL", "hush"),
        ("ALLOW_LOOPBACK", "hush"),
    ],
)
def test_a_bad_setting_is_named_but_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    give(monkeypatch)
    load_settings()
    give(monkeypatch, **{name: value})
    with pytest.raises(ConfigError, match=name) as refusal:
        load_settings()
    assert "hush" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None


def test_stripe_may_be_absent_and_comes_with_its_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, STRIPE_SECRET_KEY="", STRIPE_WEBHOOK_SECRET="")
    settings = load_settings()
    assert settings.stripe_secret_key is None
    assert (settings.stripe_webhook_secrets, settings.stripe_livemode) == ((), False)
    give(monkeypatch, **STRIPE)
    settings = load_settings()
    assert settings.stripe_api_base == "https://api.stripe.com"
    assert settings.stripe_webhook_secrets == (STRIPE["STRIPE_WEBHOOK_SECRET"],)
    assert "hush" not in f"{settings!r} {settings}"
    previous = "whsec_oldoldoldoldoldoldoldold"
    give(monkeypatch, STRIPE_WEBHOOK_SECRET_PREVIOUS=previous)
    assert load_settings().stripe_webhook_secrets == (STRIPE["STRIPE_WEBHOOK_SECRET"], previous)


@pytest.mark.parametrize("kind", ["sk", "rk"])
@pytest.mark.parametrize(("mode", "livemode"), [("live", True), ("test", False)])
def test_the_key_says_which_mode_it_is_for(
    monkeypatch: pytest.MonkeyPatch, kind: str, mode: str, *, livemode: bool
) -> None:
    # What follows the mode says nothing.
    give(monkeypatch, **STRIPE | {"STRIPE_SECRET_KEY": f"{kind}_{mode}_live_test_51Abcdefgh"})
    assert load_settings().stripe_livemode is livemode


BAD_KEYS = [
    *("sk_test_", "sk_test_hush", "sk_test_hushhushhushhus", "pk_live_hushhushhushhush"),
    *("pk_test_hushhushhushhush", "sk_hushhushhushhushhush", "sk-test-hushhushhushhush"),
    *("SK_TEST_hushhushhushhush", " sk_test_hushhushhushhush", "sk_test_hushhushhushhush\n"),
    *("sk_test_hush hush hush hush", "sk_test_hushhushhushhüsh", "whsec_hushhushhushhushhushhush"),
    *("sk_prod_hushhushhushhush", "ak_test_hushhushhushhush", "Bearer sk_test_hushhushhushhush"),
]
BAD_SECRETS = [
    *("whsec_", "whsec_hush", "whsec_hushhushhushhushhushhus", "hushhushhushhushhushhushhush"),
    *(
        "WHSEC_hushhushhushhushhushhush",
        "whsec-hushhushhushhushhushhush",
        "sk_live_hushhushhushhush",
    ),
    *(
        "whsec_hushhushhush hushhushhush",
        "whsec_hushhushhushhushhushhush\n",
        "whsec_hushhush.hush.",
    ),
    *(" whsec_hushhushhushhushhushhush", "whsec_hushhushhushhushhushhüsh", "hush"),
    *("whsec_hushhushhushhushhush,hush", '"whsec_hushhushhushhushhushhush"'),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("STRIPE_SECRET_KEY", value) for value in BAD_KEYS),
        *(("STRIPE_WEBHOOK_SECRET", value) for value in BAD_SECRETS),
        *(("STRIPE_WEBHOOK_SECRET_PREVIOUS", value) for value in BAD_SECRETS),
        *(("STRIPE_API_BASE", value) for value in ("hush", "http://hush.example.com", "")),
        *(("STRIPE_API_BASE", value) for value in ("https://127.0.0.1:1", "https://a:hush@x.co")),
        ("STRIPE_API_BASE", "https://x.co/?hush=1"),
        # One without the other.
        ("STRIPE_SECRET_KEY", ""),
        ("STRIPE_WEBHOOK_SECRET", ""),
    ],
)
def test_a_bad_setting_of_stripe_s_is_named_but_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    give(monkeypatch, **STRIPE)
    assert load_settings().stripe_livemode
    give(monkeypatch, **STRIPE | {name: value})
    with pytest.raises(ConfigError, match=name) as refusal:
        load_settings()
    assert not re.search("h[uü]sh", str(refusal.value))
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None


def test_a_previous_secret_alone_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    previous = {"STRIPE_WEBHOOK_SECRET_PREVIOUS": "whsec_oldoldoldoldoldoldoldold"}
    for given, missing in (
        (previous, "STRIPE_SECRET_KEY"),
        (TEST_KEY | previous, "STRIPE_WEBHOOK"),
    ):
        give(monkeypatch, **{"STRIPE_SECRET_KEY": ""} | given)
        with pytest.raises(ConfigError, match=missing):
            load_settings()
    give(monkeypatch, **STRIPE | previous)
    assert len(load_settings().stripe_webhook_secrets) == 2


def test_a_local_stack_takes_a_test_key_and_the_stand_in_or_the_real_test_mode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    local = LOCAL | STRIPE | TEST_KEY
    for base in ("http://127.0.0.1:12111", "http://[::1]:1", "https://api.stripe.com"):
        give(monkeypatch, **local, STRIPE_API_BASE=base)
        assert load_settings().stripe_api_base == base
    for base in ("https://api.stripe.com.example.com", "http://api.stripe.com", "https://x.co"):
        give(monkeypatch, **local, STRIPE_API_BASE=base)
        with pytest.raises(ConfigError, match="STRIPE_API_BASE"):
            load_settings()
    give(monkeypatch, **LOCAL | STRIPE, STRIPE_API_BASE="http://127.0.0.1:12111")
    with pytest.raises(ConfigError, match="STRIPE_SECRET_KEY must be a test key"):
        load_settings()


def test_loopback_has_to_be_allowed_and_is_then_all_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give(monkeypatch, **LOCAL)
    settings = load_settings()
    assert settings.download_hosts == ("127.0.0.1", "localhost", "::1")
    for name in ("SUPABASE_URL", "REPLICATE_BASE_URL", "SIDECAR_PUBLIC_URL"):
        give(monkeypatch, **LOCAL | {name: "https://real.example.com"})
        with pytest.raises(ConfigError, match=name):
            load_settings()
    give(monkeypatch, **LOCAL | {"OUTPUT_HOSTS": "replicate.delivery"})
    with pytest.raises(ConfigError, match="OUTPUT_HOSTS"):
        load_settings()
    give(monkeypatch, **LOCAL | {"OUTPUT_HOSTS": "", "ALLOW_LOOPBACK": "false"})
    with pytest.raises(ConfigError, match="SUPABASE_URL"):
        load_settings()


def test_the_program_ends_with_a_message_and_no_secret() -> None:
    given = {"PATH": os.environ["PATH"]} | GOOD | {"REPLICATE_API_TOKEN": "hush"}
    ended = subprocess.run(
        [sys.executable, "-m", "functions_py"],
        env=given,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert "REPLICATE_API_TOKEN" in ended.stderr
    assert "hush" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr
