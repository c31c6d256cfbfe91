"""Has a stack's own stand-in for Stripe sell what the database says, so that one can buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thumbsmith.catalog.diff import read_diffs
from thumbsmith.catalog.push import Pusher
from thumbsmith.console.context import Context, using
from thumbsmith.stripe.access import open_account

if TYPE_CHECKING:
    from collections.abc import Mapping


def publish_catalog(env: Mapping[str, str]) -> None:
    """Do what `thumbsmith catalog push --yes` does, on the stack with this environment.

    Nothing when it has no stand-in: an account at Stripe is changed by command alone.
    """
    if "STRIPE_SECRET_KEY" not in env:
        return
    with (
        using(Context(db_url=env["DB_URL"])),
        open_account(env["STRIPE_SECRET_KEY"], env["STRIPE_API_BASE"]) as stripe,
    ):
        pusher = Pusher(stripe, tell=lambda _: None)
        for diff in read_diffs(stripe):
            for _ in pusher.run(diff):
                pass
