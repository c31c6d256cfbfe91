"""Every switch of the provider's stand-in, thrown on a person who ordered a picture.

Each test ends the same way: no job is left, every question of sql/checks has no answer, and the
credits add up.
"""

from __future__ import annotations

import json
import re
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.support.end_to_end.outcomes import check_end, order
from tests.support.end_to_end.sidecar_processes import SidecarProcesses
from tests.support.rest import Caller
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what may come of it."""

    name: str
    switches: dict[str, Any]
    status: str = "succeeded"
    error: str | None = None
    runs: tuple[str, ...] = ("succeeded",)
    made: int = 1
    request: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


DELAYS = [
    Fault("throttled", {"rate_limit_next": 2}),
    Fault(
        "an error instead of an answer",
        {"error_before_create_next": 1},
        runs=("abandoned", "succeeded"),
    ),
    Fault("an error after it was accepted", {"error_after_create_next": 1}),
    Fault("the same, and no webhook", {"error_after_create_next": 1, "drop_webhooks": True}),
    Fault("silence after it was accepted", {"hang_after_create_next": 1}),
    Fault("the same silence, and no webhook", {"hang_after_create_next": 1, "drop_webhooks": True}),
    Fault("a connection broken off", {"drop_after_create_next": 1}),
    Fault("the same break, and no webhook", {"drop_after_create_next": 1, "drop_webhooks": True}),
    Fault("no webhook", {"drop_webhooks": True}),
    Fault("webhooks twice", {"duplicate_webhooks": True}),
    Fault("webhooks in the wrong order", {"reorder_webhooks": True}),
    Fault("reads that fail", {"unavailable_get_next": 3}),
    Fault("a slow download", {"drip_seconds": 2.0}),
    Fault(
        "a run that fails, and a second model",
        {"fail_next": 1},
        runs=("failed", "succeeded"),
        made=2,
        request={"generation_type": "thumbnail"},
    ),
    Fault(
        "an input refused, and a second model",
        {"reject_next": 1},
        runs=("refused", "succeeded"),
        request={"generation_type": "thumbnail"},
    ),
]
ENDS = [
    Fault("a run that fails", {"fail_next": 1}, "failed", "provider_failed", ("failed",)),
    Fault("an input refused", {"reject_next": 1}, "failed", "input_refused", ("refused",), 0),
    Fault(
        "nobody to pay the provider",
        {"payment_required_next": 1},
        "failed",
        "provider_unavailable",
        ("refused",),
        0,
    ),
    Fault(
        "content rejected",
        {},
        "failed",
        "content_rejected",
        ("failed",),
        request={"prompt": "[fail]"},
    ),
    Fault("no picture in the file", {"bad_output": True}, "failed", "output_not_an_image"),
    Fault("a file that is gone", {"output_seconds": 0}, "failed", "output_gone"),
    Fault("data that are gone", {"clock_ahead_seconds": 3601}, "failed", "output_gone"),
    Fault(
        "errors instead of answers, again and again",
        {"error_before_create_next": 9},
        "failed",
        "provider_unreachable",
        ("abandoned",) * 3,
        0,
        settings={"submit_unknown_grace": timedelta(seconds=0.6)},
    ),
    Fault(
        "a run that never ends",
        {"lose_next": 1},
        "expired",
        runs=("canceled",),
        settings={"generation_deadline": timedelta(seconds=3)},
    ),
    Fault(
        "a run that never ends, and no webhook",
        {"lose_next": 1, "drop_webhooks": True},
        "expired",
        runs=("canceled",),
        settings={"generation_deadline": timedelta(seconds=3)},
    ),
    Fault(
        "throttled until the deadline",
        {"rate_limit_next": 99},
        "expired",
        runs=(),
        made=0,
        settings={"generation_deadline": timedelta(seconds=3)},
    ),
    Fault(
        "a download that never ends",
        {"drip_seconds": 600.0},
        "expired",
        settings={"generation_deadline": timedelta(seconds=3)},
    ),
]


# The same as the one before, and no webhook either: each by itself is tried in every run.
TWICE_BAD = {
    "the same, and no webhook",
    "the same silence, and no webhook",
    "the same break, and no webhook",
    "a run that never ends, and no webhook",
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            fault,
            id=fault.name.replace(" ", "_"),
            marks=pytest.mark.full if fault.name in TWICE_BAD else (),
        )
        for fault in DELAYS + ENDS
    ],
)
def test_a_fault_ends_with_a_picture_or_with_the_credits_back(
    world: SidecarProcesses, person: Caller, fault: Fault
) -> None:
    world.faults(**fault.switches)
    with world.settings(**fault.settings):
        generation_id = order(person, **fault.request)
        if fault.status == "expired":
            eventually(lambda: world.sweep() and world.row(generation_id)["finished_at"])
        world.wait(generation_id)
    if fault.error == "provider_unavailable":
        # What an operator has to mend is told until the provider takes something again.
        check_that_it_works(world)
    check_end(world, person, generation_id, fault.status, fault.error)
    assert len(world.made_for(generation_id)) == fault.made
    assert tuple(run["status"] for run in world.runs(generation_id)) == fault.runs


def check_that_it_works(world: SidecarProcesses) -> None:
    """See somebody else get a picture."""
    somebody = world.sign_up()
    with closing(somebody.http):
        assert world.wait(order(somebody))["status"] == "succeeded"


def webhooks(world: SidecarProcesses, generation_id: str) -> list[dict[str, Any]]:
    """Return the webhooks that were stored for the attempts at a picture."""
    return world.db.rows(
        "select w.* from private.provider_webhooks as w"
        " inner join private.generation_attempts as r using (attempt_token)"
        " where r.generation_id = %s",
        generation_id,
    )


def test_webhooks_that_come_when_all_is_over_change_nothing(
    world: SidecarProcesses, person: Caller
) -> None:
    world.faults(webhook_delay_seconds=6.0)
    generation_id = order(person)
    check_end(world, person, generation_id, "succeeded")
    before = world.row(generation_id)
    assert webhooks(world, generation_id) == []
    eventually(lambda: len(webhooks(world, generation_id)) == 2)
    check_end(world, person, generation_id, "succeeded")
    assert world.row(generation_id) == before
    assert len(world.made_for(generation_id)) == 1


def test_forged_webhooks_change_nothing(world: SidecarProcesses, person: Caller) -> None:
    refused = refused_signatures(world)
    world.faults(forge_webhooks=True)
    generation_id = order(person)
    check_end(world, person, generation_id, "succeeded")
    eventually(lambda: refused_signatures(world) - refused == 2)
    assert len(world.made_for(generation_id)) == 1
    # Who has our secret and knows an attempt can have a prediction looked for that is not there.
    first, *others = world.runs(generation_id)
    assert first["status"] == "succeeded"
    assert {(run["status"], run["cost_micros"]) for run in others} <= {("canceled", None)}


def refused_signatures(world: SidecarProcesses) -> int:
    """Return how many webhooks the sidecar has refused for their signature."""
    text = httpx.get(f"{world.sidecars[0].url}/metrics", trust_env=False).text
    wanted = re.search(r"^thumbsmith_webhooks\S*invalid_signature\S* (\d+)", text, re.MULTILINE)
    return int(wanted[1]) if wanted else 0


def test_a_webhook_of_somebody_elses_prediction_mixes_nothing_up(
    world: SidecarProcesses, person: Caller
) -> None:
    theirs = world.sign_up()
    with closing(theirs.http):
        other_id = order(theirs, prompt="[slow:2] theirs")
        world.wait(other_id, "processing")
        generation_id = order(person, prompt="[slow:1] mine")
        world.wait(generation_id, "processing")
        (mine,), (foreign,) = world.runs(generation_id), world.runs(other_id)
        body = {
            "id": foreign["provider_job_id"],
            "status": "succeeded",
            "output": "https://x/y.png",
        }
        assert tell(world, str(mine["attempt_token"]), body).status_code == 200
        check_end(world, person, generation_id, "succeeded")
        check_end(world, theirs, other_id, "succeeded")
    for one in (generation_id, other_id):
        assert [run["status"] for run in world.runs(one)] == ["succeeded"]
        assert len(world.made_for(one)) == 1


def tell(world: SidecarProcesses, token: str, body: dict[str, Any]) -> httpx.Response:
    """Send a webhook with a true signature."""
    text, moment, name = json.dumps(body), datetime.now(UTC), f"msg_{uuid.uuid4().hex}"
    secret = world.stack.keys.tokens.replicate_webhook_secret
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, moment, text),
    }
    person = world.db.value(
        "select profile_id from private.generation_attempts where attempt_token = %s", token
    )
    query = f"profile={person}&attempt={token}"
    url = f"{world.sidecars[0].url}/webhooks/replicate?{query}"
    return httpx.post(url, content=text, headers=headers, trust_env=False)
