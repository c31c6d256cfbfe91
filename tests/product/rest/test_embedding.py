"""What can be embedded over HTTP, and what start_checkout says of a word that it does not take."""

from __future__ import annotations

import uuid

from tests.support.rest import Caller

SELECT = {"select": "generation_type,generation_types(title,cost_credits)"}


def test_a_generation_brings_its_type_along(ana: Caller, ben: Caller) -> None:
    made = ana.request()
    assert made.status_code == 200, made.text
    answer = ana.http.get("/rest/v1/generations", params=SELECT | {"id": f"eq.{made.json()['id']}"})
    assert answer.json() == [
        {
            "generation_type": "thumbnail_draft",
            "generation_types": {"title": "Draft", "cost_credits": 2},
        }
    ]
    # Others see neither the generation nor, by it, its type.
    assert ben.http.get("/rest/v1/generations", params=SELECT).json() == []


def test_generations_can_be_filtered_by_their_type(ana: Caller) -> None:
    ana.request()
    inner = {"select": "id,generation_types!inner(title)"}
    drafts = ana.http.get(
        "/rest/v1/generations", params=inner | {"generation_types.title": "eq.Draft"}
    )
    others = ana.http.get(
        "/rest/v1/generations", params=inner | {"generation_types.title": "eq.Thumbnail"}
    )
    assert len(drafts.json()) >= 1, drafts.text
    assert others.json() == []


def test_an_unknown_kind_of_item_is_told_the_words(ana: Caller) -> None:
    asked = {"item_key": "starter", "idempotency_key": str(uuid.uuid4())}
    answer = ana.rpc("start_checkout", item_kind="packs", **asked)
    assert answer.status_code == 422
    assert answer.json() == {
        "code": "PT422",
        "message": "item_kind_unknown",
        "details": "item_kind is pack or subscription.",
        "hint": "A pack is bought once, a subscription is paid every month or year.",
    }
    # The control: with a word that it takes it is not the word that is refused.
    assert ana.rpc("start_checkout", item_kind="pack", **asked).status_code != 422
