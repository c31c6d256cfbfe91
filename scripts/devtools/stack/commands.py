"""`thumbsmith stack`: the local stack, started, looked at and stopped."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from devtools.stack import edges, logs, summary
from local_stack import supervisor
from thumbsmith.console.command import LOCAL, Commands
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import note, print_json, print_table, progress
from thumbsmith.operator.database import data_dir, running_stack
from thumbsmith.project import state
from thumbsmith.project.errors import AlreadyRunningError

if TYPE_CHECKING:
    from pathlib import Path

app = Commands(shared=LOCAL, help="The local stack: real parts, no Docker.")
app.command("logs")(logs.logs)


@app.command()
def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready.")] = False,
    port: Annotated[
        int | None,
        typer.Option(
            help="The port of the API.", min=1, max=65535, show_default="that of the last time"
        ),
    ] = None,
    site_url: Annotated[
        str | None,
        typer.Option(
            help="Your site, where mails and Stripe's pages lead back to; '' for local pages.",
            show_default="that of the last time",
        ),
    ] = None,
    old_privileges: Annotated[
        bool, typer.Option("--old-privileges", help="Expose new tables, as older projects do.")
    ] = False,
    no_sidecar: Annotated[
        bool, typer.Option("--no-sidecar", help="Leave the sidecar out.")
    ] = False,
) -> None:
    """Start everything, ready to sell; in the foreground until Ctrl-C, or detached.

    Where a stack runs already, or is starting, its environment is printed and no other is started.
    """
    started = time.monotonic()
    folder = data_dir()
    if running_stack() is not None:
        _report_other(folder, started)
        if port is not None or site_url is not None or old_privileges or no_sidecar:
            note("its options are those of its start: first thumbsmith stack down")
        return
    edges.check(folder, port, site_url)
    options = supervisor.Options(folder, port, old_privileges, no_sidecar, site_url)
    try:
        _start(options, started, detach=detach)
    except AlreadyRunningError:
        _report_other(folder, started)


def _start(options: supervisor.Options, started: float, *, detach: bool) -> None:
    if detach:
        with progress("starting the stack"):
            found = supervisor.start_detached(options)
        _report_ready(found.env, started)
        return
    with progress("starting the stack") as show:
        stack = options.stack(show)
        supervisor.run(stack, lambda up: _report_ready(up.env, started))


def _report_other(folder: Path, started: float) -> None:
    with progress("waiting for the stack that is starting"):
        found = supervisor.await_other(folder)
    note(f"a stack runs already on {folder}")
    _report_ready(found.env, started)


def _report_ready(env: dict[str, str], started: float) -> None:
    seconds = round(time.monotonic() - started, 2)
    if current().as_json:
        print_json({"ok": True, "seconds": seconds, "env": env})
        return
    summary.show(env)
    _print_env(env)
    note(f"ready in {seconds} s")


def _print_env(env: dict[str, str]) -> None:
    """Print lines NAME="value", which a shell can read and other tools expect."""
    for name, value in env.items():
        typer.echo(f'{name}="{value}"')


@app.command()
def down() -> None:
    """Stop a detached stack, and whatever an accident left of one."""
    with progress("stopping the stack"):
        was_running = supervisor.stop(data_dir())
    if current().as_json:
        print_json({"ok": True, "was_running": was_running})
    else:
        note("stopped" if was_running else "nothing was running")


@app.command()
def status() -> None:
    """Say what runs; 1 when not everything does."""
    found = state.load(data_dir())
    services: list[dict[str, Any]] = [
        {"name": one.name, "running": one.alive, "pid": one.pid, "port": one.port}
        for one in (found.services if found else [])
    ]
    running = found is not None and found.alive and all(one["running"] for one in services)
    if current().as_json:
        print_json({"running": running, "ready": bool(found and found.ready), "services": services})
    elif services:
        rows = [(s["name"], "yes" if s["running"] else "no", s["pid"], s["port"]) for s in services]
        print_table("Local stack", ["service", "running", "pid", "port"], rows)
    else:
        note("no stack is running")
    if not running:
        raise typer.Exit(Exit.FINDING)


@app.command()
def env() -> None:
    """Print what a program needs to use the stack, as lines NAME="value"."""
    found = running_stack()
    if found is None or not found.ready:
        detail = f"no stack is running on {data_dir()}"
        raise CommandError("no_stack", detail, "Start one: thumbsmith stack up --detach")
    if current().as_json:
        print_json(found.env)
        return
    _print_env(found.env)


@app.command()
def reset(*, yes: Annotated[bool, typer.Option("--yes", help="Really delete.")] = False) -> None:
    """Stop the stack and delete its data: database, files, keys. Only says so without --yes."""
    folder = data_dir()
    is_stack = (folder / "keys").is_dir() or (folder / "lock").exists()
    if not is_stack:
        what = "holds no stack" if folder.exists() else "is not there"
        raise CommandError("no_stack", f"{folder} {what}", code=Exit.USAGE)
    if yes:
        supervisor.stop(folder)
        shutil.rmtree(folder)
    if current().as_json:
        print_json({"ok": True, "folder": str(folder), "deleted": yes})
    else:
        note(f"{'deleted' if yes else 'would delete'} {folder}")
