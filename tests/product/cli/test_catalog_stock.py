"""What a local stack has for sale when it has started."""

from __future__ import annotations

import pytest

from tests.support.cli.command_runner import CommandRunner
from thumbsmith.catalog.publish import publish_catalog
from thumbsmith.console.errors import CommandError


def env(shop: CommandRunner) -> dict[str, str]:
    return {
        "DB_URL": shop.db.url,
        "STRIPE_SECRET_KEY": shop.stripe.key,
        "STRIPE_API_BASE": shop.stripe.url,
    }


def test_a_stand_in_sells_the_catalog_and_a_second_start_changes_nothing(
    shop: CommandRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a shell has of another stack does not count.
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_of_another_stack")
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:9")
    monkeypatch.setenv("DB_URL", "postgresql://127.0.0.1:9/nowhere")
    publish_catalog(env(shop))
    assert shop.report("catalog", "diff")["changes"] == []
    links, events = shop.links(), shop.at_stripe()
    assert {row["price_id"] for row in shop.catalog().values()} == set(links)
    publish_catalog(env(shop))
    assert (shop.links(), shop.at_stripe()) == (links, events)


def test_without_a_stand_in_nothing_is_done(shop: CommandRunner) -> None:
    publish_catalog(
        {name: value for name, value in env(shop).items() if name != "STRIPE_SECRET_KEY"}
    )
    assert (shop.links(), shop.at_stripe()) == ({}, [])


def test_a_database_of_live_mode_is_refused(shop: CommandRunner) -> None:
    shop.db.rows("update private.settings set stripe_livemode = true where id")
    with pytest.raises(CommandError, match="stripe_mode_differs"):
        publish_catalog(env(shop))
    assert (shop.links(), shop.at_stripe()) == ({}, [])
