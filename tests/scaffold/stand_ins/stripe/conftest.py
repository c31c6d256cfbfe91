"""In this folder, the stand-in is the one of Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import stripe

    from tests.support.stand_ins.stripe.receiver import Receiver
    from tests.support.stand_ins.stripe.stand_in import StandIn


@pytest.fixture
def stand_in(stripe_stand_in: StandIn) -> StandIn:
    return stripe_stand_in


@pytest.fixture
def async_client(async_stripe_client: stripe.StripeClient) -> stripe.StripeClient:
    return async_stripe_client


@pytest.fixture
def inbox(stripe_inbox: Receiver) -> Receiver:
    return stripe_inbox
