"""Has a stack's own stand-in for Stripe sell what the database says, so that one can buy at once.

The stand-in forgets everything when it ends, and the database does not: so at every start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thumbsmith.catalog.diff import read_plans
from thumbsmith.catalog.push import Pusher
from thumbsmith.stripe.access import open_account

if TYPE_CHECKING:
    from collections.abc import Mapping


def stock(env: Mapping[str, str], *, as_json: bool = False) -> None:
    """Do what `thumbsmith catalog push --yes` does, on the stack with this environment.

    Nothing when it has no stand-in: an account at Stripe is changed by command alone.
    """
    if "STRIPE_SECRET_KEY" not in env:
        return
    key, base, url = env["STRIPE_SECRET_KEY"], env["STRIPE_API_BASE"], env["DB_URL"]
    with open_account(key, base, url, None, as_json=as_json) as stripe:
        pusher = Pusher(stripe, url, None, tell=lambda _: None)
        for plan in read_plans(stripe, url, None):
            for _ in pusher.carry_out(plan):
                pass
