"""What one order of a picture comes to, seen from all sides."""

from __future__ import annotations

from typing import Any

from tests.support.end_to_end.generations import download
from tests.support.end_to_end.sidecar_processes import SidecarProcesses
from tests.support.rest import Caller


def order(person: Caller, **changes: Any) -> str:
    """Ask for a picture; return its id."""
    answer = person.request(**changes)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def check_end(
    world: SidecarProcesses,
    person: Caller,
    generation_id: str,
    status: str,
    error: str | None = None,
) -> None:
    """Look at the end of the person's only picture from all sides."""
    row = world.wait(generation_id)
    assert (row["status"], row["error"]) == (status, error)
    world.settle()
    price = row["credit_cost"]
    entries = world.db.rows(
        "select kind, amount from public.credit_entries where generation_id = %s"
        " order by entry_number",
        generation_id,
    )
    moved = [(one["kind"], one["amount"]) for one in entries]
    if status == "succeeded":
        assert moved == [("spend", -price)]
        assert world.credits(person) == 50 - price
        assert download(person, row["output_path"]).size == (1280, 720)
        assert download(person, row["preview_path"]).size == (320, 180)
    else:
        assert moved == [("spend", -price), ("refund", price)]
        assert world.credits(person) == 50
        assert row["output_path"] is None
    check_accounts(world, generation_id)


def check_accounts(world: SidecarProcesses, generation_id: str) -> None:
    """See that we know of each prediction that the provider made, and what it cost."""
    runs = {run["provider_job_id"]: run for run in world.runs(generation_id)}
    for made in world.made_for(generation_id):
        assert made["id"] in runs
        assert runs[made["id"]]["cost_micros"] is not None
        assert made["status"] in {"succeeded", "failed", "canceled", "aborted"}
