"""Environments that the sidecar is started with."""

from __future__ import annotations

import base64

import pytest

GOOD = {
    "SIDECAR_DATABASE_URL": "postgresql://thumbsmith_sidecar:hushhush@db.example.com:5432/postgres",
    "SUPABASE_URL": "https://abc.supabase.co",
    "SUPABASE_SECRET_KEY": "sb_secret_hushhushhushhushhushhush",
    "REPLICATE_API_TOKEN": "r8_hushhushhushhushhushhushhushhushhus",
    "REPLICATE_WEBHOOK_SECRET": "whsec_" + base64.b64encode(b"hush" * 6).decode(),
    "SIDECAR_PUBLIC_URL": "https://sidecar.example.com",
}


STRIPE = {
    "STRIPE_SECRET_KEY": "sk_live_hushhushhushhush",
    "STRIPE_WEBHOOK_SECRET": "whsec_hushhushhushhushhushhush",
}


TEST_KEY = {"STRIPE_SECRET_KEY": "rk_test_hushhushhushhush"}


LOCAL = {
    "ALLOW_LOOPBACK": "true",
    "SUPABASE_URL": "http://127.0.0.1:54321",
    "REPLICATE_BASE_URL": "http://localhost:5000",
    "SIDECAR_PUBLIC_URL": "http://[::1]:8787",
}


def give(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    for name, value in (GOOD | changes).items():
        monkeypatch.setenv(name, value)
