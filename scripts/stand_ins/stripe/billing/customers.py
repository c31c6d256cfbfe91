"""New customers, made by a call or by a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.ids import random_text

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World


def add_customer(world: World, **values: object) -> Object:
    """Make a customer with what every new one has."""
    defaults = {
        "balance": 0,
        "delinquent": False,
        "invoice_prefix": random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
    }
    return world.make("customer", **(defaults | values))
