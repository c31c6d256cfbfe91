"""The account in a file: every change is saved, and what cannot be read is an error."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import httpx
import pytest

from stand_ins.stripe import snapshot
from stand_ins.stripe.app import create_app
from stand_ins.stripe.config import StandInConfig
from stand_ins.stripe.idempotency import Answer, IdempotencyKeys
from stand_ins.stripe.snapshot import Snapshot
from stand_ins.stripe.webhook_sender import Destination, WebhookSender
from stand_ins.stripe.world import World
from tests.support.stand_ins.stripe.stand_in import KEY, StandIn, running
from tests.support.waiting import eventually


def saved(file: Path, before: bytes) -> bytes:
    """Wait until the file is another than before, and return its content."""
    eventually(lambda: file.exists() and file.read_bytes() != before, 5)
    return file.read_bytes()


def test_an_idempotency_key_alone_is_saved_at_once(tmp_path: Path) -> None:
    file = tmp_path / "account"

    def rename(stand_in: StandIn, key: str) -> Any:
        """Change a customer that is not there: no object changes, and the key has its answer."""
        headers = {"idempotency-key": key}
        return stand_in.raw("POST", "/v1/customers/cus_x", data={"name": "Bea"}, headers=headers)

    with running(tmp_path, file) as stand_in:
        stand_in.customer()
        before = saved(file, b"")
        assert rename(stand_in, "once").status_code == 404
        kept = saved(file, before)
    # As after a kill: the file is the one that was there while the process ran.
    file.write_bytes(kept)
    with running(tmp_path, file) as stand_in:
        again, fresh = rename(stand_in, "once"), rename(stand_in, "twice")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (404, "true")
    assert "idempotent-replayed" not in fresh.headers


def test_a_change_of_an_endpoint_alone_is_saved_at_once(tmp_path: Path) -> None:
    file = tmp_path / "account"
    with running(tmp_path, file) as stand_in:
        endpoints = stand_in.client.v1.webhook_endpoints
        made = endpoints.create({"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]})
        enabled = saved(file, b"")
        endpoints.update(made.id, {"disabled": True})
        disabled = saved(file, enabled)
    file.write_bytes(enabled)
    with running(tmp_path, file) as stand_in:
        stand_in.customer()
        eventually(lambda: stand_in.get("/_deliveries")["attempts"])
    file.write_bytes(disabled)
    with running(tmp_path, file) as stand_in:
        stand_in.customer()
        assert stand_in.get("/_deliveries", settle=1) == {"attempts": [], "under_way": 0}


class _Trap:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def load(file: Path, content: bytes) -> None:
    """Start on a file with this content."""
    file.write_bytes(content)
    create_app(StandInConfig(1, "http://127.0.0.1:1", KEY, "", "", state_file=file))


def test_another_format_is_recognized_without_unpickling(tmp_path: Path) -> None:
    file, trace = tmp_path / "account", tmp_path / "trace"
    trap = pickle.dumps(_Trap(trace))
    # The first format was one pickle, with its name inside.
    first = pickle.dumps((("thumbsmith stand-in for Stripe", 1, "2026-10-28.endive"), _Trap(trace)))
    other = snapshot._NAME + b", format 1, API 2020-01-01\n" + trap
    for content, said in (
        (first, "of another version"),
        (other, "of another version"),
        (trap, "damaged"),
        (snapshot._FORMAT + b"\nnonsense", "damaged"),
    ):
        with pytest.raises(snapshot.UnreadableError, match=f"is {said}: to begin anew"):
            load(file, content)
    assert not trace.exists()
    # The trap works: content of our own format is unpickled.
    with pytest.raises(snapshot.UnreadableError, match="is damaged"):
        load(file, snapshot._FORMAT + b"\n" + trap)
    assert trace.exists()


class Account:
    """One account in memory, and the file that it is kept in."""

    def __init__(self, file: Path) -> None:
        config = StandInConfig.from_env()
        self.world = World(config)
        self.keys = IdempotencyKeys()
        self.sender = WebhookSender(httpx.AsyncClient(), config, self.world.faults)
        self.snapshot = Snapshot(file, self.world, self.keys, self.sender)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_1")


@pytest.mark.usefixtures("settings")
def test_only_what_changed_is_saved(tmp_path: Path) -> None:
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
