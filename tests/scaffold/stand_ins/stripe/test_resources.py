"""The official client reads and writes every resource that is not money."""

from __future__ import annotations

import pytest
import stripe

from tests.support.stand_ins.stripe.stand_in import KEY, StandIn


def test_a_customer_is_made_read_changed_listed_and_deleted(stand_in: StandIn) -> None:
    customers = stand_in.client.v1.customers
    made = stand_in.customer(metadata={"user_id": "u1", "old": "x"})
    changed = customers.update(made.id, {"name": "Ben", "metadata": {"old": "", "new": "y"}})
    assert (made.id[:4], changed.name) == ("cus_", "Ben")
    assert customers.retrieve(made.id).to_dict()["metadata"] == {"user_id": "u1", "new": "y"}
    stand_in.customer(email="other@example.com")
    assert made.id in [one.id for one in customers.list({"email": "ana@example.com"}).data]
    assert [one.id for one in customers.list({"email": "nobody@example.com"}).data] == []
    customers.delete(made.id)
    assert customers.retrieve(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError) as caught:
        customers.update(made.id, {"name": "Nobody"})
    assert (caught.value.code, caught.value.http_status) == ("resource_missing", 404)


def test_deleting_a_customer_ends_the_subscriptions(stand_in: StandIn) -> None:
    bought = stand_in.subscribed()
    subscription = stand_in.client.v1.subscriptions.retrieve(bought.id("subscription"))
    stand_in.client.v1.customers.delete(str(subscription.customer))
    ended = stand_in.client.v1.subscriptions.retrieve(subscription.id)
    assert (subscription.status, ended.status) == ("active", "canceled")


def test_lists_come_newest_first_in_pages(stand_in: StandIn) -> None:
    name = "paged@example.com"
    made = [stand_in.customer(email=name).id for _ in range(5)]
    first = stand_in.client.v1.customers.list({"email": name, "limit": 2})
    second = stand_in.client.v1.customers.list(
        {"email": name, "limit": 2, "starting_after": first.data[-1].id}
    )
    assert [one.id for one in first.data + second.data] == made[:0:-1]
    assert (first.has_more, second.has_more) == (True, True)
    every = stand_in.client.v1.customers.list({"email": name, "limit": 2})
    assert [one.id for one in every.auto_paging_iter()] == made[::-1]
    back = stand_in.client.v1.customers.list(
        {"email": name, "limit": 2, "ending_before": second.data[0].id}
    )
    assert [one.id for one in back.data] == [one.id for one in first.data]
    with pytest.raises(stripe.InvalidRequestError, match="between 1 and 100"):
        stand_in.client.v1.customers.list({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError, match="No such object"):
        stand_in.client.v1.customers.list({"starting_after": "cus_nobody"})


def test_products_and_prices_are_kept_by_lookup_key(stand_in: StandIn) -> None:
    v1 = stand_in.client.v1
    product = v1.products.create({"name": "Pack", "metadata": {"pack": "small"}})
    first = stand_in.price(500, product_data=None, product=product.id, lookup_key="pack_small")
    assert v1.prices.list({"lookup_keys": ["pack_small"]}).data[0].id == first.id
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        stand_in.price(600, lookup_key="pack_small")
    second = stand_in.price(600, lookup_key="pack_small", transfer_lookup_key=True)
    assert [one.id for one in v1.prices.list({"lookup_keys": ["pack_small"]}).data] == [second.id]
    assert v1.prices.retrieve(first.id).lookup_key is None
    v1.prices.update(first.id, {"active": False, "metadata": {"old": "yes"}})
    assert v1.prices.list({"product": product.id, "active": True}).data == []
    assert v1.products.update(product.id, {"description": "Small"}).description == "Small"
    assert product.id in [one.id for one in v1.products.list({"active": True}).data]
    assert v1.products.retrieve(product.id).metadata["pack"] == "small"
    with pytest.raises(stripe.InvalidRequestError, match="has one or more"):
        v1.products.delete(product.id)
    empty = v1.products.create({"name": "Empty"})
    assert v1.products.delete(empty.id).deleted is True


def test_the_amount_of_a_price_never_changes(stand_in: StandIn) -> None:
    price = stand_in.price()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        stand_in.client.v1.prices.update(price.id, {"unit_amount": 1})  # type: ignore[arg-type]
    assert caught.value.code == "parameter_unknown"
    assert stand_in.client.v1.prices.retrieve(price.id).unit_amount == 1000


def test_other_currencies_of_a_price_come_when_asked_for(stand_in: StandIn) -> None:
    made = stand_in.price(1000, currency_options={"eur": {"unit_amount": 900}})
    plain = stand_in.client.v1.prices.retrieve(made.id)
    whole = stand_in.client.v1.prices.retrieve(made.id, {"expand": ["currency_options"]})
    assert "currency_options" not in plain
    assert whole.currency_options is not None
    assert whole.currency_options["eur"].unit_amount == 900


def test_a_portal_session_has_an_address(stand_in: StandIn) -> None:
    made = stand_in.client.v1.billing_portal.sessions.create(
        {"customer": stand_in.customer().id, "return_url": "http://127.0.0.1:9/back"}
    )
    assert made.url.startswith(f"{stand_in.url}/portal/bps_")


def test_coupons_are_made_listed_and_deleted(stand_in: StandIn) -> None:
    coupons = stand_in.client.v1.coupons
    made = coupons.create({"percent_off": 25, "duration": "once", "id": "QUARTER"})
    assert coupons.retrieve("QUARTER").percent_off == 25
    assert made.id in [one.id for one in coupons.list().data]
    coupons.delete("QUARTER")
    with pytest.raises(stripe.InvalidRequestError):
        coupons.retrieve("QUARTER")


def test_a_missing_object_is_404_in_the_address_and_400_in_a_parameter(stand_in: StandIn) -> None:
    with pytest.raises(stripe.InvalidRequestError) as address:
        stand_in.client.v1.payment_intents.retrieve("pi_nobody")
    with pytest.raises(stripe.InvalidRequestError) as parameter:
        stand_in.client.v1.billing_portal.sessions.create({"customer": "cus_nobody"})
    assert (address.value.http_status, address.value.code) == (404, "resource_missing")
    assert (parameter.value.http_status, parameter.value.param) == (400, "customer")


def test_only_the_right_key_opens(stand_in: StandIn) -> None:
    assert stand_in.raw("GET", "/v1/customers").status_code == 200
    with pytest.raises(stripe.AuthenticationError):
        stand_in.client_with("sk_test_" + "x" * 24).v1.customers.list()
    answer = stand_in.raw("GET", "/v1/customers", headers={"authorization": ""})
    assert answer.status_code == 401
    assert KEY not in answer.text


def test_versions_that_name_things_differently_are_refused(stand_in: StandIn) -> None:
    statuses = {}
    for version in ("2026-10-28.endive", "2026-03-25.dahlia", "2024-06-20", "yesterday"):
        headers = {"stripe-version": version}
        statuses[version] = stand_in.raw("GET", "/v1/customers", headers=headers).status_code
    assert list(statuses.values()) == [200, 200, 400, 400]


def test_expanding_puts_objects_where_ids_were(stand_in: StandIn) -> None:
    bought = stand_in.paid()
    sessions = stand_in.client.v1.checkout.sessions
    found = sessions.retrieve(
        bought.id("checkout.session"),
        {"expand": ["line_items", "payment_intent.latest_charge.refunds", "customer"]},
    ).to_dict()
    assert found["line_items"]["data"][0]["price"]["object"] == "price"
    assert found["payment_intent"]["latest_charge"]["refunds"]["data"] == []
    assert found["customer"]["object"] == "customer"
    listed = sessions.list({"limit": 1, "expand": ["data.payment_intent"]}).to_dict()
    assert listed["data"][0]["payment_intent"]["status"] == "succeeded"
    plain = sessions.retrieve(bought.id("checkout.session")).to_dict()
    assert "line_items" not in plain
    assert plain["payment_intent"] == bought.id("payment_intent")
    for wrong in ("price", "line_items.data.price.product.default_price"):
        with pytest.raises(stripe.InvalidRequestError, match="expand"):
            sessions.retrieve(plain["id"], {"expand": [wrong]})
