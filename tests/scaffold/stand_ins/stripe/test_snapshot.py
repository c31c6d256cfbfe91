"""What is reason enough to save the account, and comes back with it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from stand_ins.stripe.config import StandInConfig
from stand_ins.stripe.idempotency import Answer, KeyRing
from stand_ins.stripe.snapshot import Snapshot
from stand_ins.stripe.webhook_sender import Destination, WebhookSender
from stand_ins.stripe.world import World


class Account:
    """One account in memory, and the file that it is kept in."""

    def __init__(self, file: Path) -> None:
        config = StandInConfig.from_env()
        self.world = World(config)
        self.keys = KeyRing()
        self.sender = WebhookSender(httpx.AsyncClient(), config, self.world.faults)
        self.snapshot = Snapshot(file, self.world, self.keys, self.sender)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_1")


def test_a_key_or_an_endpoint_alone_is_saved_and_an_unchanged_account_is_not(
    tmp_path: Path,
) -> None:
    file = tmp_path / "account"
    first = Account(file)
    first.snapshot.save()
    answer = Answer(200, {"id": "cus_1"}, "req_1")
    assert first.keys.claim("key", "/v1/customers", {}, 1) is None
    first.keys.keep("key", answer)
    first.snapshot.save()
    second = Account(file)
    second.snapshot.load()
    assert second.keys.claim("key", "/v1/customers", {}, 2) == answer

    endpoint = Destination("we_1", "http://127.0.0.1:1/", "whsec_1", "thin")
    second.sender.endpoints["we_1"] = endpoint
    second.snapshot.save()
    third = Account(file)
    third.snapshot.load()
    assert third.sender.endpoints == {"we_1": endpoint}

    file.unlink()
    third.snapshot.save()
    assert not file.exists()
