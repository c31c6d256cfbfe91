"""Requests and objects are judged by Stripe's own specification."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import stripe

from stand_ins.stripe import forms
from stand_ins.stripe.app import api_routes
from stand_ins.stripe.errors import StandInFaultError
from stand_ins.stripe.ids import PREFIXES
from stand_ins.stripe.minimal import smallest
from stand_ins.stripe.object_check import check_object, problems_of
from stand_ins.stripe.spec import document
from stand_ins.stripe.spec.cut import cut, pack, strip
from stand_ins.stripe.spec.operations import OPERATIONS
from tests.support.stand_ins.stripe.stand_in import DONE, StandIn

_MADE_HERE = sorted(set(PREFIXES) - {"billing_portal.configuration"})


def test_every_operation_of_the_slice_is_served_and_no_other() -> None:
    wanted = {(method, path) for path, methods in OPERATIONS.items() for method in methods}
    served = set(api_routes(sender=None))  # type: ignore[arg-type]
    in_slice = {
        (method, path) for path, methods in document.load()["paths"].items() for method in methods
    }
    assert served == wanted == in_slice


@pytest.mark.parametrize("kind", _MADE_HERE)
def test_the_smallest_object_of_each_kind_is_valid(kind: str) -> None:
    made = smallest(kind)
    assert problems_of(made) == []
    assert problems_of(made | {"id": 7}) != []
    assert problems_of(made | {"misspelt": None}) != []


def test_a_wrong_object_of_ours_is_a_loud_fault() -> None:
    refund = smallest("refund")
    check_object(refund | {"customer": "cus_1"})
    with pytest.raises(StandInFaultError, match="refund is wrong: status"):
        check_object(refund | {"status": 7})


def test_the_cut_keeps_what_is_reached_and_drops_prose() -> None:
    kept = strip({"description": "x", "type": "object", "properties": {"title": {"title": "T"}}})
    assert kept == {"type": "object", "properties": {"title": {}}}
    linked = {"anyOf": [{"$ref": "#/components/schemas/far"}], "x-expansionResources": {}}
    assert strip(linked) == {"anyOf": [{"type": "string"}, {"type": "object"}]}
    again = cut(_whole_again())
    assert again == document.load()
    # Compressors differ from one machine to the next; what is inside must not.
    assert gzip.decompress(pack(again)) == gzip.decompress(document.SLICE_PATH.read_bytes())


def _whole_again() -> dict[str, Any]:
    whole = document.load()
    more = {"never_reached": {"type": "object"}}
    return whole | {"components": {"schemas": whole["components"]["schemas"] | more}}


def test_forms_are_read_as_stripe_reads_them() -> None:
    text = "a[b]=1&c[0][d]=2&c[1][d]=3&e[]=4&e[]=5&f=&metadata[x%5By]=6"
    read = forms.decode(text)
    assert read["a"] == {"b": "1"}
    assert read["c"] == [{"d": "2"}, {"d": "3"}]
    assert read["e"] == ["4", "5"]
    assert read["f"] == ""


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"ui_mode": "hosted"}, "ui_mode", None),
        ({"mode": "pay"}, "mode", None),
        ({"sucess_url": DONE}, "sucess_url", "parameter_unknown"),
        ({"success_url": "not an address"}, "success_url", "url_invalid"),
        ({"line_items": [{"price": "p", "quantity": "two"}]}, "line_items[0][quantity]", None),
        ({"line_items": [{"price": "p", "quantty": 2}]}, "line_items[0][quantty]", None),
        ({"line_items": []}, "line_items", "parameter_missing"),
        ({"expires_at": 1}, "expires_at", None),
        ({"subscription_data": {"metadata": {}}}, None, None),
        ({"subscription_data": {"trial_period_days": 3}}, "subscription_data", None),
        ({"coupon": "X"}, "coupon", "parameter_unknown"),
        ({"customer_email": "a@example.com", "customer": "cus_1"}, "customer", None),
    ],
)
def test_sessions_that_stripe_would_refuse_are_refused(
    stand_in: StandIn, changes: dict[str, Any], param: str | None, code: str | None
) -> None:
    price = stand_in.price()
    assert stand_in.session(price).id.startswith("cs_test_")
    if param is None:
        # Nothing is left of an empty object in a form.
        assert stand_in.session(price, **changes).id.startswith("cs_test_")
        return
    with pytest.raises(stripe.InvalidRequestError) as caught:
        stand_in.session(price, **changes)
    assert (caught.value.http_status, caught.value.param) == (400, param)
    if code:
        assert caught.value.code == code


def test_a_recurring_price_needs_subscription_mode_and_the_other_way_round(
    stand_in: StandIn,
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="recurring price"):
        stand_in.session(stand_in.monthly(), mode="payment")
    with pytest.raises(stripe.InvalidRequestError, match="recurring price"):
        stand_in.session(stand_in.price(), mode="subscription")


def test_an_inactive_price_can_not_be_bought(stand_in: StandIn) -> None:
    price = stand_in.price()
    stand_in.client.v1.prices.update(price.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        stand_in.session(price)


def test_a_client_refused_a_wrong_price_keeps_its_key(stand_in: StandIn) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "price-1"}
    prices = stand_in.client.v1.prices
    with pytest.raises(stripe.InvalidRequestError):
        prices.create({"currency": "usd", "amount": 5}, options)  # type: ignore[typeddict-unknown-key]
    made = prices.create(
        {"currency": "usd", "unit_amount": 5, "product_data": {"name": "P"}}, options
    )
    assert made.unit_amount == 5


def test_what_the_stand_in_does_not_do_it_refuses_by_name(stand_in: StandIn) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Local stand-in: `mode=setup`"):
        stand_in.session(stand_in.price(), mode="setup")
    with pytest.raises(stripe.InvalidRequestError, match="Local stand-in: `tax_exempt`"):
        stand_in.customer(tax_exempt="none")


def test_unknown_operations_are_404(stand_in: StandIn) -> None:
    for method, path in (("POST", "/v1/plans"), ("GET", "/v1/nothing"), ("DELETE", "/v1/refunds")):
        answer = stand_in.raw(method, path)
        assert answer.status_code == 404
        assert "Unrecognized request URL" in answer.text


def test_too_much_metadata_is_refused(stand_in: StandIn) -> None:
    assert stand_in.customer(metadata={"k" * 40: "v" * 500}).id
    for wrong in ({"k" * 41: "v"}, {"k": "v" * 501}, {f"k{n}": "v" for n in range(51)}):
        with pytest.raises(stripe.InvalidRequestError, match="etadata"):
            stand_in.customer(metadata=wrong)
