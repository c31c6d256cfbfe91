"""The list of events, from which lost ones are found again."""

from __future__ import annotations

import pytest
import stripe

from tests.support.stand_ins.stripe.stand_in import StandIn


def test_events_are_listed_newest_first_by_type_and_time(stand_in: StandIn) -> None:
    events = stand_in.client.v1.events
    start = stand_in.get("/_clock")["now"]
    stand_in.post("/_clock", advance_seconds=100)
    made = [stand_in.customer().id for _ in range(3)]
    stand_in.client.v1.customers.update(made[0], {"name": "Later"})
    since: stripe.params.EventListParams = {"created": {"gt": start + 50}}
    found = [(one.type, one.data.object["id"]) for one in events.list(since).data]
    assert found == [("customer.updated", made[0])] + [
        ("customer.created", one) for one in made[::-1]
    ]
    only = events.list(since | {"types": ["customer.updated", "invoice.paid"]}).data
    assert [one.data.object["id"] for one in only] == [made[0]]
    assert len(events.list(since | {"type": "customer.*"}).data) == 4
    assert events.list({"created": {"gt": start + 50, "lte": start + 60}}).data == []
    assert events.retrieve(only[0].id).type == "customer.updated"


def test_all_pages_of_events_are_read(stand_in: StandIn) -> None:
    made = [stand_in.customer().id for _ in range(25)]
    query: stripe.params.EventListParams = {"type": "customer.created", "limit": 10}
    first = stand_in.client.v1.events.list(query)
    assert (len(first.data), first.has_more) == (10, True)
    read = [one.data.object["id"] for one in first.auto_paging_iter()]
    assert read[:25] == made[::-1]
    assert len(read) == len(set(read))


def test_an_event_without_listeners_counts_as_delivered(stand_in: StandIn) -> None:
    made = stand_in.customer()
    events = stand_in.client.v1.events
    taken = events.list({"delivery_success": True, "type": "customer.created"}).data
    assert taken[0].data.object["id"] == made.id
    stand_in.configure(webhook_url="http://127.0.0.1:9/nobody")
    lost = stand_in.customer()
    stand_in.configure(webhook_url=None)
    query: stripe.params.EventListParams = {"delivery_success": False}
    assert events.list(query).data[0].data.object["id"] == lost.id


def test_too_many_types_and_both_kinds_of_filter_are_refused(stand_in: StandIn) -> None:
    events = stand_in.client.v1.events
    assert events.list({"types": [f"x.y{n}" for n in range(20)]}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="At most 20"):
        events.list({"types": [f"x.y{n}" for n in range(21)]})
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        events.list({"types": ["customer.created"], "type": "customer.created"})


def test_events_are_kept_for_thirty_days(stand_in: StandIn) -> None:
    made = stand_in.customer()
    found = stand_in.client.v1.events.list({"type": "customer.created", "limit": 1}).data[0]
    assert found.data.object["id"] == made.id
    stand_in.post("/_clock", advance_days=31)
    listed = stand_in.client.v1.events.list({"type": "customer.created"}).data
    assert found.id not in [one.id for one in listed]


def test_thin_events_are_listed_by_object_and_type(stand_in: StandIn) -> None:
    made = stand_in.customer()
    stand_in.client.v1.customers.update(made.id, {"name": "X"})
    events = stand_in.client.v2.core.events
    found = events.list({"object_id": made.id}).data
    assert [one.type for one in found] == ["v1.customer.updated", "v1.customer.created"]
    only = events.list({"object_id": made.id, "types": ["v1.customer.created"]}).data
    assert [one.id for one in only] == [found[1].id]
    one_by_one = events.list({"object_id": made.id, "limit": 1})
    assert [one.id for one in one_by_one.auto_paging_iter()] == [one.id for one in found]
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        stand_in.client.v1.events.retrieve(found[0].id)


def test_the_state_of_an_event_is_the_one_of_its_time(stand_in: StandIn) -> None:
    made = stand_in.customer(name="Before")
    stand_in.client.v1.customers.update(made.id, {"name": "After"})
    events = stand_in.client.v1.events.list({"limit": 2}).data
    assert [one.data.object["name"] for one in events] == ["After", "Before"]
