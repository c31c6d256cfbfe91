"""Errors in Stripe's shape."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """An answer other than 200; `stored` says whether an idempotency key keeps it."""

    def __init__(
        self, status: int, kind: str, message: str, *, stored: bool = True, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.stored = stored
        self._fields = {"message": message, "type": kind} | more

    def body(self) -> dict[str, Any]:
        """Return the JSON of the answer, without what is not known."""
        return {"error": {name: value for name, value in self._fields.items() if value is not None}}


class StandInFaultError(Exception):
    """The stand-in made something that Stripe could not have made: our own mistake."""


def invalid(
    message: str, param: str | None = None, code: str | None = None, *, stored: bool = True
) -> StripeError:
    """Return what Stripe says to a request that it will not carry out."""
    return StripeError(400, "invalid_request_error", message, param=param, code=code, stored=stored)


def missing(kind: str, object_id: str, param: str = "id") -> StripeError:
    """Return what Stripe says of an id nobody has: 404 in the address, 400 in a parameter."""
    label = kind.rsplit(".", 1)[-1].replace("_", " ")
    return StripeError(
        404 if param == "id" else 400,
        "invalid_request_error",
        f"No such {label}: '{object_id}'",
        code="resource_missing",
        param=param,
    )


def unserved(name: str) -> StripeError:
    """Refuse what Stripe would take and the stand-in does not do, rather than ignore it."""
    return invalid(f"Local stand-in: `{name}` is not served here.", name, stored=False)


def card_error(decline_code: str, intent: dict[str, Any] | None = None) -> StripeError:
    """Return what Stripe says when a card was refused while somebody waited."""
    return StripeError(
        402,
        "card_error",
        "Your card was declined.",
        code="card_declined",
        decline_code=decline_code,
        payment_intent=intent,
    )
