"""Calls of the gateway to Stripe, as jobs carry them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from functions_py.errors import SidecarError
from functions_py.stripe_gateway import StripeGateway
from tests.support.stand_ins.stripe.stand_in import KEY


@asynccontextmanager
async def gateway_to(url: str, key: str = KEY, **more: Any) -> AsyncIterator[StripeGateway]:
    gateway = StripeGateway(key, url, trust_env=False, **{"livemode": False} | more)
    try:
        yield gateway
    finally:
        await gateway.close()


def create(email: str, key: str | None = None) -> dict[str, Any]:
    """Return the payload of a customer's job."""
    params = {"email": email, "metadata": {"profile_id": "u1"}}
    key = key or f"customer:{email}"
    return {"call": "customers.create", "id": None, "params": params, "idempotency_key": key}


def read(call: str, object_id: str | None = None, **params: Any) -> dict[str, Any]:
    """Return the payload of a job that reads."""
    return {"call": call, "id": object_id, "params": params, "idempotency_key": None}


async def refused(gateway: StripeGateway, payload: dict[str, Any]) -> SidecarError:
    with pytest.raises(SidecarError) as caught:
        await gateway.call(payload)
    return caught.value
