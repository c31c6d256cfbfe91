"""Deadlines, expiry, a full house, and the switches that make the stand-in misbehave."""

from __future__ import annotations

import json
import time
import uuid

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from stand_ins.replicate.create import parse_duration
from tests.support.stand_ins.replicate.stand_in import MODEL, Received, StandIn, receiver
from tests.support.waiting import eventually

PATH = f"/v1/models/{MODEL}/predictions"
BODY = {"input": {"prompt": "hi"}}


def test_a_deadline_cancels_what_runs_and_aborts_what_waits(stand_in: StandIn) -> None:
    headers = {"Cancel-After": "1s"}
    running = stand_in.create("[slow:30]", headers=headers)
    stand_in.wait(running["id"], "processing")
    stand_in.faults(lose_next=1)
    waiting = stand_in.create("hi", headers=headers)
    assert stand_in.wait(running["id"], "canceled")["deadline"]
    assert stand_in.wait(waiting["id"], "aborted")["output"] is None
    in_time = stand_in.create("hi", headers={"Cancel-After": "1m"})
    stand_in.wait(in_time["id"], "succeeded")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("30s", 30),
        ("1m", 60),
        ("1m30s", 90),
        ("1.5h", 5400),
        ("soon", None),
        ("", None),
    ],
)
def test_durations_are_read_like_the_cloud_reads_them(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


def test_a_deadline_that_is_no_duration_is_refused(stand_in: StandIn) -> None:
    refused = stand_in.api("POST", PATH, json=BODY, headers={"Cancel-After": "soon"})
    assert refused.status_code == 422


def test_an_output_expires(stand_in: StandIn) -> None:
    stand_in.faults(output_seconds=0.5)
    made = stand_in.create("hi")
    output = stand_in.wait(made["id"], "succeeded")["output"]
    assert httpx.get(output, trust_env=False).headers["content-type"] == "image/jpeg"
    eventually(lambda: httpx.get(output, trust_env=False).status_code == 404, 5)


def test_more_predictions_than_slots_wait_in_line(stand_in: StandIn) -> None:
    made = [stand_in.create("hi [slow:1]")["id"] for _ in range(12)]
    for prediction_id in made:
        assert stand_in.wait(prediction_id, "succeeded", "failed")["status"] == "succeeded"


def test_finished_pictures_do_not_stay_on_the_disk_of_the_model(stand_in: StandIn) -> None:
    made = stand_in.create("hi")
    stand_in.wait(made["id"], "succeeded")
    assert any(stand_in.temporary.glob("*.jpg"))
    eventually(lambda: not any(stand_in.temporary.glob("*.jpg")), 30)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("rate_limit_next", 429),
        ("payment_required_next", 402),
        ("reject_next", 422),
        ("error_before_create_next", 500),
    ],
)
def test_a_refusal_makes_nothing(stand_in: StandIn, fault: str, status: int) -> None:
    before = stand_in.faults(**{fault: 1}, retry_after_seconds=7)["predictions"]
    refused = stand_in.api("POST", PATH, json=BODY)
    assert refused.status_code == status
    assert refused.headers.get("retry-after") == ("7" if status == 429 else None)
    assert stand_in.faults()["predictions"] == before
    stand_in.create("hi")
    assert stand_in.faults()["predictions"] == before + 1


def test_an_error_can_hide_a_prediction_that_was_made(stand_in: StandIn) -> None:
    before = stand_in.faults(error_after_create_next=1)["predictions"]
    assert stand_in.api("POST", PATH, json=BODY).status_code == 500
    assert stand_in.faults()["predictions"] == before + 1


def test_a_broken_connection_can_hide_a_prediction_that_was_made(stand_in: StandIn) -> None:
    before = stand_in.faults(drop_after_create_next=1)["predictions"]
    with pytest.raises(httpx.RemoteProtocolError):
        stand_in.api("POST", PATH, json=BODY)
    assert stand_in.faults()["predictions"] == before + 1


def test_silence_can_hide_a_prediction_that_was_made(stand_in: StandIn) -> None:
    before = stand_in.faults(hang_after_create_next=1, hang_seconds=1.0)["predictions"]
    started = time.monotonic()
    stand_in.create("hi")
    assert time.monotonic() - started >= 1.0
    assert stand_in.faults()["predictions"] == before + 1


def test_a_run_can_be_made_to_fail(stand_in: StandIn) -> None:
    stand_in.faults(fail_next=1)
    broken, whole = stand_in.create("hi"), stand_in.create("hi")
    assert stand_in.wait(broken["id"], "failed", "succeeded")["status"] == "failed"
    assert stand_in.wait(whole["id"], "failed", "succeeded")["status"] == "succeeded"


def test_a_switch_that_does_not_exist_is_refused(stand_in: StandIn) -> None:
    for wrong in ({"explode": 1}, {"fail_next": "1"}, {"drop_webhooks": 1}, {"fail_next": True}):
        answer = httpx.post(f"{stand_in.url}/_faults", json=wrong, trust_env=False)
        assert answer.status_code == 422, wrong
    assert stand_in.faults(fail_next=0, drop_webhooks=False)["faults"]["fail_next"] == 0


def test_webhooks_can_come_in_the_wrong_order(stand_in: StandIn) -> None:
    stand_in.faults(reorder_webhooks=True)
    with receiver() as hook:
        stand_in.create("hi", webhook=hook.url, webhook_events_filter=["start", "completed"])
        told = [json.loads(entry.body) for entry in hook.wait(2)]
    assert [body["status"] for body in told] == ["succeeded", "processing"]
    assert told[1]["completed_at"] is None


def is_signed(entry: Received, secret: str) -> bool:
    try:
        Webhook(secret).verify(entry.body, entry.headers)
    except WebhookVerificationError:
        return False
    return True


def test_false_webhooks_come_before_the_true_one(stand_in: StandIn) -> None:
    stand_in.faults(forge_webhooks=True)
    path = f"/hook?attempt={uuid.uuid4()}"
    with receiver() as hook:
        url = hook.url.removesuffix("/hook") + path
        made = stand_in.create("hi [fail]", webhook=url, webhook_events_filter=["completed"])
        got = hook.wait(4)
    bodies = [json.loads(entry.body) for entry in got]
    # By a stranger, for another attempt, of another prediction; and then the truth.
    assert [is_signed(entry, stand_in.secret) for entry in got] == [False, True, True, True]
    assert [entry.path == path for entry in got] == [True, False, True, True]
    assert [body["id"] == made["id"] for body in bodies] == [True, True, False, True]
    assert [body["status"] for body in bodies] == [*["succeeded"] * 3, "failed"]
    assert len({entry.headers["webhook-id"] for entry in got}) == 4
    assert stand_in.api("GET", f"/v1/predictions/{bodies[2]['id']}").status_code == 404


def test_an_output_can_come_in_drops(stand_in: StandIn) -> None:
    made = stand_in.create("hi")
    output = stand_in.wait(made["id"], "succeeded")["output"]
    whole = httpx.get(output, trust_env=False).content
    stand_in.faults(drip_seconds=1.0)
    started = time.monotonic()
    with httpx.stream("GET", output, trust_env=False) as answer:
        pieces = list(answer.iter_raw())
    assert time.monotonic() - started >= 0.9
    assert len(pieces) > 10
    assert b"".join(pieces) == whole


def test_everything_can_be_down_and_what_runs_goes_on(stand_in: StandIn) -> None:
    with receiver() as hook:
        made = stand_in.create("hi", webhook=hook.url, webhook_events_filter=["completed"])
        output = stand_in.wait(made["id"], "succeeded")["output"]
        hook.wait(1)
        running = stand_in.create("[slow:1]", webhook=hook.url)
        before = stand_in.faults(down=True)["predictions"]
        for method, route in (("POST", PATH), ("GET", f"/v1/predictions/{made['id']}")):
            assert stand_in.api(method, route, json=BODY).status_code == 503
        assert stand_in.api("GET", "/v1/predictions").status_code == 503
        assert httpx.get(output, trust_env=False).status_code == 503
        time.sleep(1.5)
        assert stand_in.faults(down=False)["predictions"] == before
        assert stand_in.wait(running["id"], "succeeded")["output"]
        assert [json.loads(entry.body)["id"] for entry in hook.received[:1]] == [made["id"]]
        assert all(json.loads(entry.body)["status"] != "succeeded" for entry in hook.received[1:])
    assert httpx.get(output, trust_env=False).status_code == 200


def test_after_an_hour_the_data_are_gone(stand_in: StandIn) -> None:
    made = stand_in.create("hi")
    output = stand_in.wait(made["id"], "succeeded")["output"]
    stand_in.faults(clock_ahead_seconds=59 * 60)
    assert stand_in.get(made["id"])["output"] == output
    assert httpx.get(output, trust_env=False).status_code == 200
    stand_in.faults(clock_ahead_seconds=61 * 60)
    later = stand_in.get(made["id"])
    assert (later["status"], later["output"], later["data_removed"]) == ("succeeded", None, True)
    assert httpx.get(output, trust_env=False).status_code == 404
    stand_in.faults(reset=True)
    assert stand_in.get(made["id"])["output"] == output
