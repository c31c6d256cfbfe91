"""Settings that the sidecar refuses to start with."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from functions_py.config import load_settings
from functions_py.errors import ConfigError

GOOD = {
    "SIDECAR_DATABASE_URL": "postgresql://thumbsmith_sidecar:hush@db.example.com:5432/postgres",
    "SUPABASE_URL": "https://abc.supabase.co",
    "SUPABASE_SECRET_KEY": "sb_secret_hushhushhushhushhushhush",
    "REPLICATE_API_TOKEN": "r8_hushhushhushhushhushhushhushhushhus",
    "REPLICATE_WEBHOOK_SECRET": "whsec_aHVzaGh1c2hodXNoaHVzaGh1c2hodXNo",
    "SIDECAR_PUBLIC_URL": "https://sidecar.example.com",
}
LOCAL = {
    "ALLOW_LOOPBACK": "true",
    "SUPABASE_URL": "http://127.0.0.1:54321",
    "REPLICATE_BASE_URL": "http://localhost:5000",
    "SIDECAR_PUBLIC_URL": "http://[::1]:8787",
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    prefixes = ("SIDECAR_", "SUPABASE_", "REPLICATE_", "WORKER_", "OUTPUT_", "ALLOW_", "LOG_")
    for name in list(os.environ):
        if name.startswith(prefixes):
            monkeypatch.delenv(name)


def give(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    for name, value in (GOOD | changes).items():
        monkeypatch.setenv(name, value)


def test_good_settings_are_taken_with_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch)
    settings = load_settings()
    assert settings.replicate_base_url == "https://api.replicate.com"
    assert settings.download_hosts == ("replicate.delivery",)
    assert (settings.sidecar_host, settings.worker_concurrency) == ("127.0.0.1", 4)
    assert settings.webhook_secrets == (GOOD["REPLICATE_WEBHOOK_SECRET"],)


def test_no_secret_shows_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, REPLICATE_WEBHOOK_SECRET_PREVIOUS=GOOD["REPLICATE_WEBHOOK_SECRET"])
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


def test_a_service_role_jwt_is_still_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, SUPABASE_SECRET_KEY=f"eyJ{'a' * 20}.{'b' * 40}.{'c' * 40}")
    assert load_settings().supabase_secret_key


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
