"""The Node.js process itself: its settings, and the schema it prints."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from local_stack import programs
from local_stack.key_files import load_or_create
from local_stack.node import service_schema
from local_stack.paths import NODE_DIR
from thumbsmith.project.ports import free_ports
from thumbsmith.project.process import base_environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Return settings that are right in form; no database is behind them."""
    keys = load_or_create(tmp_path / "keys")
    (port,) = free_ports(1)
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    return {
        "PORT": str(port),
        "AUTH_DB_URL": nowhere,
        "STORAGE_DB_URL": nowhere,
        "STORAGE_DIR": str(tmp_path / "files"),
        "POSTGREST_URL": "http://127.0.0.1:1",
        "PUBLISHABLE_KEY": keys.publishable_key,
        "SECRET_KEY": keys.secret_key,
        "SIGNING_KEY_FILE": str(keys.signing_key_file),
        "JWT_SECRET": keys.tokens.jwt_secret,
        "API_URL": f"http://127.0.0.1:{port}",
    }


def start(settings: dict[str, str]) -> subprocess.Popen[str]:
    """Start the process with these settings alone."""
    return subprocess.Popen(
        [programs.node(), str(NODE_DIR / "main.mjs")],
        env=base_environment() | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal(settings: dict[str, str]) -> str:
    """Return why the process does not start."""
    with start(settings) as process:
        try:
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 1
    return errors


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"JWT_SECRET": ""}, "missing settings: JWT_SECRET"),
        ({"JWT_SECRET": "short"}, "at least 32 characters"),
        ({"CUSTOM_ACCESS_TOKEN_HOOK": "f(); drop table x"}, "bad hook"),
        ({"BEFORE_USER_CREATED_HOOK": "no_schema"}, "bad hook"),
    ],
)
def test_wrong_settings_are_refused_at_the_start(
    settings: dict[str, str], change: dict[str, str], reason: str
) -> None:
    errors = refusal(settings | change)
    assert reason in errors
    assert settings["SECRET_KEY"] not in errors


def test_a_public_key_does_not_sign(settings: dict[str, str], tmp_path: Path) -> None:
    public = tmp_path / "public.json"
    public.write_text(json.dumps({"kty": "EC", "crv": "P-256", "x": "", "y": "", "kid": "k"}))
    assert "private P-256 JWK" in refusal(settings | {"SIGNING_KEY_FILE": str(public)})


def test_it_ends_when_asked_even_without_a_database(settings: dict[str, str]) -> None:
    hook = {"CUSTOM_ACCESS_TOKEN_HOOK": "pg-functions://postgres/private/token_hook"}
    with start(settings | hook) as process:
        try:
            assert process.stdout is not None
            assert settings["API_URL"] in process.stdout.readline()
            process.terminate()
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("service", ["auth", "storage"])
def test_the_schema_of_a_service_makes_no_schema(service: str) -> None:
    text = service_schema(service)  # type: ignore[arg-type]
    assert "create schema" not in text.lower()
    assert f"{service}." in text
