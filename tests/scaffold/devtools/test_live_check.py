"""The rehearsal in Stripe's test mode, on the stand-in: its person pays, all else is the same."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.stand_ins.stripe.stand_in import running

if TYPE_CHECKING:
    from pathlib import Path


def rehearsed(**env: str) -> subprocess.CompletedProcess[str]:
    """Run the rehearsal as a person runs it."""
    hidden = {"DB_URL", "DATABASE_URL", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, "-m", "devtools.live_check"],
        env=kept | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def test_a_purchase_and_a_renewal_arrive_without_any_webhook(tmp_path: Path) -> None:
    with running(tmp_path) as stand_in:
        done = rehearsed(STRIPE_SECRET_KEY=stand_in.key, STRIPE_API_BASE=stand_in.url)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("✓") == 5
        assert "Not seen here" in done.stdout
        assert stand_in.key not in done.stdout + done.stderr
        assert stand_in.settled() == []
        # Of the test clock nothing is left behind.
        assert stand_in.client.v1.test_helpers.test_clocks.list().data == []


def test_prices_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    with running(tmp_path) as stand_in:
        other = stand_in.price(5, lookup_key="pack_starter")
        done = rehearsed(STRIPE_SECRET_KEY=stand_in.key, STRIPE_API_BASE=stand_in.url)
        assert done.returncode == 1, done.stdout
        assert "use another sandbox" in done.stdout
        assert [price.id for price in stand_in.client.v1.prices.list().data] == [other.id]


@pytest.mark.parametrize("key", ["", "sk_live_" + "v" * 24, "something"])
def test_only_a_key_of_test_mode_is_taken(key: str) -> None:
    done = rehearsed(STRIPE_SECRET_KEY=key)
    assert done.returncode == 2
    assert "a key of Stripe's test mode" in done.stderr
    assert not key or key not in done.stdout + done.stderr
