"""Stripe for the operator's commands: whose key, which mode, and its errors in words.

The key comes from the environment, or from the running local stack; it is never printed, and
neither is what Stripe says about it.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from functions_py.shapes import secret_problem
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import note
from thumbsmith.operator import credentials
from thumbsmith.operator.transaction import operator_transaction
from thumbsmith.project.addresses import STRIPE_API_BASE, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import stripe

_NAMES = ("STRIPE_SECRET_KEY", "STRIPE_API_BASE")
_PERMISSION = re.compile(r"rak_[a-z0-9_]+")


@dataclass(frozen=True)
class Stripe:
    """An account of Stripe in one mode. Answers are plain JSON; errors end the command."""

    mode: str
    base: str
    key: str = field(repr=False)
    client: stripe.StripeClient = field(repr=False)

    def call(self, name: str, *arguments: Any) -> dict[str, Any]:
        """Make a call such as `v1.prices.list`."""
        found = self.find(name, *arguments)
        if found is None:
            raise CommandError("stripe_refused", f"{name}: there is no such object")
        return found

    def find(self, name: str, *arguments: Any) -> dict[str, Any] | None:
        """Make a call, and give nothing when there is no such object."""
        return _guarded(self, name, lambda: attrgetter(name)(self.client)(*arguments))


@contextmanager
def open_stripe() -> Iterator[Stripe]:
    """Yield the account whose key was given, when its mode is the database's, and say which."""
    found = credentials.find(*_NAMES, STRIPE_API_BASE)
    if found is None:
        raise CommandError("stripe_key_missing", "give STRIPE_SECRET_KEY", code=Exit.USAGE)
    key, base = found
    with open_account(key, base) as account:
        note(f"Stripe, {account.mode} mode: {base}")
        yield account


@contextmanager
def open_account(key: str, base: str) -> Iterator[Stripe]:
    """Yield the account of this key, when its mode is the database's."""
    if problem := secret_problem("stripe_secret_key", key):
        detail = f"STRIPE_SECRET_KEY {problem}"
        raise CommandError("stripe_key_malformed", detail, code=Exit.USAGE)
    mode = key.split("_")[1]
    if problem := _base_problem(base, mode):
        detail = f"STRIPE_API_BASE {problem}"
        raise CommandError("stripe_base_malformed", detail, code=Exit.USAGE)
    _check_mode(mode)
    from thumbsmith.stripe import client as stripe_client  # the SDK takes its time to load

    with stripe_client.opened(key, base, is_local=is_loopback(base)) as client:
        yield Stripe(mode, base, key, client)


def _base_problem(base: str, mode: str) -> str | None:
    if problem := credentials.base_problem(base):
        return problem
    is_wrong = mode == "live" and is_loopback(base)
    return "is a loopback address: that is for test keys" if is_wrong else None


def _check_mode(mode: str) -> None:
    with operator_transaction() as connection:
        row = connection.execute("select s.stripe_livemode from private.settings as s").fetchone()
    own = "live" if row and row["stripe_livemode"] else "test"
    if own != mode:
        detail = f"the key is of {mode} mode, and this database of {own} mode"
        hint = "settings.stripe_livemode says which"
        raise CommandError("stripe_mode_differs", f"{detail} ({hint})", code=Exit.USAGE)


def _guarded(account: Stripe, name: str, action: Callable[[], Any]) -> dict[str, Any] | None:
    import stripe

    try:
        answer: dict[str, Any] = action().to_dict(for_json=True)
    except stripe.StripeError as error:
        if error.http_status == 404 or error.code == "resource_missing":
            return None
        slug, detail, code = _meaning(error)
        text = f"{name}: {detail}".replace(account.key, "…")
        raise CommandError(slug, text, code=code) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        text = f"{name}: an answer that makes no sense ({type(error).__name__})"
        raise CommandError("stripe_unreachable", text, code=Exit.TRY_AGAIN) from error
    return answer


def _meaning(error: stripe.StripeError) -> tuple[str, str, Exit]:
    import stripe

    status = error.http_status or 0
    if isinstance(error, stripe.AuthenticationError):
        return "stripe_key_refused", "Stripe does not accept the key", Exit.USAGE
    if isinstance(error, stripe.PermissionError):
        wanted = _PERMISSION.findall(str(error.user_message))
        more = f" (it lacks {', '.join(wanted)})" if wanted else ""
        return "stripe_key_refused", f"the key may not do that{more}", Exit.USAGE
    if isinstance(error, (stripe.APIConnectionError, stripe.RateLimitError)) or status >= 500:
        words = f"HTTP {status}" if status else "no answer"
        return "stripe_unreachable", f"{words}: try again", Exit.TRY_AGAIN
    if status == 409:
        return "stripe_unreachable", "somebody does the same now: try again", Exit.TRY_AGAIN
    if not 400 <= status < 500:
        return "stripe_unreachable", f"HTTP {status}, and no answer of Stripe's", Exit.TRY_AGAIN
    return "stripe_refused", str(error.user_message or error.code or status), Exit.FINDING
