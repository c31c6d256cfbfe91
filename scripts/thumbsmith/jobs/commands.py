"""`thumbsmith jobs`: the work of the sidecar, and what was given up."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from thumbsmith.console.columns import print_columns
from thumbsmith.console.command import Commands
from thumbsmith.console.context import current
from thumbsmith.console.output import OUT, print_json
from thumbsmith.operator.arguments import DRY_RUN, Who, Why, Yes, user_name
from thumbsmith.operator.transaction import call, operator_transaction

app = Commands(
    help="The work of the sidecar: see what waits and what was given up, try it again, drop it."
)

JobId = Annotated[int, typer.Argument(metavar="JOB", help="Id of the job: see jobs list.")]

# The token of a lease would let its holder report the job.
_JOBS = """
    select
        j.id, j.kind,
        coalesce(
            j.generation_id::text, j.attempt_id::text, j.checkout_id::text, j.stripe_object_id,
            j.user_image_id::text, j.account_id::text
        ) as about,
        case
            when j.dead_at is not null then 'dead'
            when j.lease_token is not null and j.due_at > now() then 'running'
            when j.due_at > now() then 'waiting'
            else 'due'
        end as state,
        j.due_at, j.tries, j.last_error, j.dead_at, j.created_at
    from private.all_jobs as j
    where %s or j.dead_at is not null
    order by j.dead_at is null, j.due_at, j.id
    limit %s
"""


@app.command("list")
def list_jobs(
    *,
    show_all: Annotated[bool, typer.Option("--all", help="Also what is not dead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
) -> None:
    """Show the dead letters, or with --all every job, dead ones first."""
    with operator_transaction() as connection:
        rows = connection.execute(_JOBS, (show_all, limit)).fetchall()
    if current().as_json:
        print_json({"ok": True, "jobs": rows})
    elif rows:
        columns = ["id", "kind", "state", "about", "due_at", "tries", "last_error"]
        print_columns("Jobs", columns, [[row[name] for name in columns] for row in rows])
    else:
        OUT.print("no job" if show_all else "no dead job; --all shows the others")


@app.command()
def retry(
    job: JobId,
    *,
    why: Why,
    who: Who = None,
    yes: Yes = False,
) -> None:
    """Have a job done now, a dead one too. A dry run without --yes."""
    _act("retry", "tried again", job, who, why, yes=yes)


@app.command()
def drop(
    job: JobId,
    *,
    why: Why,
    who: Who = None,
    yes: Yes = False,
) -> None:
    """Give a job up; a thumbnail fails and its credits come back. A dry run without --yes."""
    _act("drop", "dropped", job, who, why, yes=yes)


def _act(
    action: str,
    done: str,
    job: int,
    who: str | None,
    why: str,
    *,
    yes: bool,
) -> None:
    arguments: dict[str, Any] = {
        "job_id": job,
        "who": user_name(who),
        "why": why,
    }
    with operator_transaction(commit=yes) as connection:
        call(connection, f"operator_{action}_job", arguments)
    report = {"ok": True, "action": action, "job": job, "dry_run": not yes, "done": yes}
    if current().as_json:
        print_json(report)
    elif yes:
        OUT.print(f"job {job} {done}")
    else:
        OUT.print(f"job {job} would be {done}\n{DRY_RUN}")
