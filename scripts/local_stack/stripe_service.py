"""Stripe for the local stack: the stand-in, or Stripe's own test mode when a key is given."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thumbsmith.project import addresses
from thumbsmith.project.addresses import is_loopback
from thumbsmith.project.errors import StackError
from thumbsmith.project.probes import http_ok
from thumbsmith.project.process import Service, base_environment

if TYPE_CHECKING:
    from pathlib import Path

    from thumbsmith.project.keys import Tokens

# The stack has no setting for it: the rehearsal puts a stand-in in its place.
REAL_API_BASE = addresses.STRIPE_API_BASE
WEBHOOK_PATH = "/webhooks/stripe"


@dataclass(frozen=True)
class StripeAccess:
    """Which Stripe the stack uses, and the secrets shared with it."""

    api_base: str
    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    webhook_secret_previous: str = field(repr=False)

    @property
    def is_real(self) -> bool:
        """Return whether calls leave this machine."""
        return self.api_base == REAL_API_BASE

    @property
    def public_env(self) -> dict[str, str]:
        """What a program needs to call Stripe; the secrets of a real account are not repeated."""
        base = {"STRIPE_API_BASE": self.api_base}
        return base if self.is_real else self._secrets | base

    @property
    def sidecar_env(self) -> dict[str, str]:
        """Return what the sidecar gets: the secret before the last one too."""
        return self._secrets | {
            "STRIPE_WEBHOOK_SECRET_PREVIOUS": self.webhook_secret_previous,
            "STRIPE_API_BASE": self.api_base,
        }

    @property
    def _secrets(self) -> dict[str, str]:
        return {
            "STRIPE_SECRET_KEY": self.secret_key,
            "STRIPE_WEBHOOK_SECRET": self.webhook_secret,
        }


def key_of_environment() -> str:
    """Return the key of a real account that the environment holds, or nothing.

    A shell that read `thumbsmith stack env` has the key of a stand-in, which says so by its
    address.
    """
    is_stand_in = is_loopback(os.environ.get("STRIPE_API_BASE", ""))
    return "" if is_stand_in else os.environ.get("STRIPE_SECRET_KEY", "")


def stripe_access(tokens: Tokens, stand_in_url: str, real_key: str) -> StripeAccess:
    """Return the access to the stand-in, or to Stripe when there is a key of its test mode."""
    if not real_key:
        return StripeAccess(
            stand_in_url,
            tokens.stripe_secret_key,
            tokens.stripe_webhook_secret,
            tokens.stripe_webhook_secret_previous,
        )
    if not real_key.startswith(("sk_test_", "rk_test_")):
        raise StackError("STRIPE_SECRET_KEY is no key of Stripe's test mode (sk_test_, rk_test_)")
    # `stripe listen` tells the secret that it signs with; without it no event will be taken.
    given = os.environ.get("STRIPE_WEBHOOK_SECRET") or tokens.stripe_webhook_secret
    return StripeAccess(REAL_API_BASE, real_key, given, "")


def stand_in_service(
    access: StripeAccess, webhook_url: str | None, log: Path, port: int, state_file: Path
) -> Service:
    """Describe the stand-in, whose account is kept in a file.

    It starts without anybody who takes its events, too.
    """
    env = access.sidecar_env | {"PORT": str(port), "SELF_URL": access.api_base}
    env["STRIPE_STATE_FILE"] = str(state_file)
    if webhook_url:
        env["STRIPE_WEBHOOK_URL"] = webhook_url
    return Service(
        name="stripe",
        argv=[sys.executable, "-m", "stand_ins.stripe"],
        env=base_environment() | env,
        log=log,
        ready=http_ok(f"{access.api_base}/healthz"),
        port=port,
    )
