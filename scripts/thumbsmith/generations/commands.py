"""`thumbsmith generations show`: the whole story of one image."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer

from thumbsmith.console.columns import print_columns
from thumbsmith.console.command import Commands
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError
from thumbsmith.console.output import OUT, print_json
from thumbsmith.operator.transaction import operator_transaction

app = Commands(help="Thumbnails that people asked for.")

# Each part of the story is one query about the generation. The prompt and the face are the
# person's; no address that opens a file and no token of an attempt is shown.
_PARTS = {
    "request": """
        select
            g.id, g.profile_id, g.generation_type, g.status, g.error, g.prompt, g.options,
            g.user_image_id, g.credit_cost, g.created_at, g.deadline_at, g.finished_at
        from public.generations as g
        where g.id = %s
    """,
    "paid_by": """
        select r.source, r.lot_id, r.payment_id, r.subscription_id, r.credits_spent,
            r.credits_returned
        from public.generation_receipts as r
        where r.generation_id = %s
        order by r.lot_id
    """,
    "entries": """
        select e.created_at, e.entry_number, e.kind, e.amount, e.lot_id, e.balance_after
        from public.credit_entries as e
        where e.generation_id = %s
        order by e.entry_number
    """,
    "attempts": """
        select
            a.attempt_number, a.status, a.model, a.provider_job_id, a.provider_status,
            a.http_status,
            a.provider_error, a.polls, a.predict_seconds, a.cost_micros,
            a.duplicate_of is not null as is_duplicate, a.created_at, a.unknown_since, a.finished_at
        from private.generation_attempts as a
        where a.generation_id = %s
        order by a.attempt_number
    """,
    "webhooks": """
        select w.received_at, a.attempt_number, w.body ->> 'status' as status,
            w.body ->> 'id' as provider_job_id
        from private.provider_webhooks as w
        inner join private.generation_attempts as a on w.attempt_token = a.attempt_token
        where a.generation_id = %s
        order by w.received_at, w.webhook_id
    """,
    "jobs": """
        select j.id, j.kind, j.due_at, j.tries, j.last_error, j.dead_at
        from private.generation_jobs as j
        left join private.generation_attempts as a on j.attempt_id = a.id
        where coalesce(j.generation_id, a.generation_id) = %s
        order by j.id
    """,
    "files": """
        select o.bucket_id, o.name, o.created_at, o.metadata ->> 'size' as bytes
        from public.generations as g
        left join public.user_images as i on g.user_image_id = i.id
        inner join storage.objects as o
            on (o.bucket_id = 'thumbnails' and o.name in (g.output_path, g.preview_path))
            or (o.bucket_id = 'faces' and o.name = i.object_path)
        where g.id = %s
        order by o.bucket_id, o.name
    """,
    "margin": """
        select m.source, m.credits, m.revenue_micros, m.cost_micros
        from private.generation_margins as m
        where m.generation_id = %s
        order by m.source
    """,
}


@app.command()
def show(
    generation: Annotated[
        uuid.UUID, typer.Argument(metavar="GENERATION", help="Id of the thumbnail.")
    ],
) -> None:
    """Tell the whole story: request, credits, attempts, provider, files, refunds, times."""
    with operator_transaction() as connection:
        # One snapshot, so that the parts fit together.
        connection.execute("set transaction isolation level repeatable read, read only")
        story = {
            name: connection.execute(query.encode(), (generation,)).fetchall()
            for name, query in _PARTS.items()
        }
    if not story["request"]:
        hint = "Use the id of a row of generations."
        raise CommandError("generation_not_found", "There is no such generation.", hint)
    if current().as_json:
        print_json({"ok": True, **story, "request": story["request"][0]})
    else:
        _tell(story)


def _tell(story: dict[str, list[dict[str, Any]]]) -> None:
    (request,) = story.pop("request")
    for name, value in request.items():
        OUT.print(f"{name:16} {'' if value is None else value}", markup=False, highlight=False)
    for name, rows in story.items():
        if rows:
            title = name.replace("_", " ").capitalize()
            print_columns(title, list(rows[0]), [list(row.values()) for row in rows])
