"""`thumbsmith stack`: the local stack, started, looked at and stopped."""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from devtools.stack import logs
from local_stack import supervisor
from local_stack.stack import SERVICES, Stack
from thumbsmith.catalog.publish import stock
from thumbsmith.console.output import ERR, Exit, Json, fail, print_json, print_table, progress
from thumbsmith.project import state
from thumbsmith.project.errors import AlreadyRunningError, StackError
from thumbsmith.project.paths import DEFAULT_DATA_DIR

app = typer.Typer(help="The local stack: real parts, no Docker.", no_args_is_help=True)
app.command("logs")(logs.logs)

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where the stack keeps its data.",
        envvar="THUMBSMITH_DATA_DIR",
        show_default=".thumbsmith/stack",
    ),
]


@app.command()
def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready.")] = False,
    data_dir: DataDir = None,
    port: Annotated[
        int | None, typer.Option(help="The port of the API.", min=1, max=65535, show_default="free")
    ] = None,
    old_privileges: Annotated[
        bool, typer.Option("--old-privileges", help="Expose new tables, as older projects do.")
    ] = False,
    no_sidecar: Annotated[
        bool, typer.Option("--no-sidecar", help="Leave the sidecar out.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start everything, ready to sell; in the foreground until Ctrl-C, or detached."""
    folder = (data_dir or DEFAULT_DATA_DIR).absolute()
    started = time.monotonic()
    try:
        if detach:
            arguments = [f"--port={port}"] if port else []
            arguments += ["--old-privileges"] if old_privileges else []
            arguments += ["--no-sidecar"] if no_sidecar else []
            with progress("starting the stack", quiet=as_json) as show:
                found = supervisor.start_detached(arguments, folder)
                try:
                    show("making packs and plans")
                    stock(found.env, as_json=as_json)
                except BaseException:  # as after every other error, nothing is left running
                    supervisor.stop(folder)
                    raise
            _report_ready(found.env, started, as_json=as_json)
            return
        with progress("starting the stack", quiet=as_json) as show:
            stack = Stack(
                folder,
                services=[one for one in SERVICES if not (no_sidecar and one == "sidecar")],
                old_privileges=old_privileges,
                ports={"node": port} if port else None,
                progress=show,
                on_started=partial(stock, as_json=as_json),
            )
            supervisor.run(stack, lambda up: _report_ready(up.env, started, as_json=as_json))
    except AlreadyRunningError as error:
        fail(str(error), Exit.TRY_AGAIN, as_json=as_json)
    except StackError as error:
        fail(str(error), as_json=as_json)


def _report_ready(env: dict[str, str], started: float, *, as_json: bool) -> None:
    seconds = round(time.monotonic() - started, 2)
    if as_json:
        print_json({"ok": True, "seconds": seconds, "env": env})
        return
    _print_env(env)
    ERR.print(f"ready in {seconds} s", style="dim")


def _print_env(env: dict[str, str]) -> None:
    """Print lines NAME="value", which a shell can read and other tools expect."""
    for name, value in env.items():
        typer.echo(f'{name}="{value}"')


@app.command()
def down(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Stop a detached stack, and whatever an accident left of one."""
    with progress("stopping the stack", quiet=as_json):
        was_running = supervisor.stop((data_dir or DEFAULT_DATA_DIR).absolute())
    if as_json:
        print_json({"ok": True, "was_running": was_running})
    else:
        ERR.print("stopped" if was_running else "nothing was running")


@app.command()
def status(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Say what runs; 1 when not everything does."""
    found = state.load((data_dir or DEFAULT_DATA_DIR).absolute())
    services: list[dict[str, Any]] = [
        {"name": one.name, "running": one.alive, "pid": one.pid, "port": one.port}
        for one in (found.services if found else [])
    ]
    running = found is not None and found.alive and all(one["running"] for one in services)
    if as_json:
        print_json({"running": running, "ready": bool(found and found.ready), "services": services})
    elif services:
        rows = [(s["name"], "yes" if s["running"] else "no", s["pid"], s["port"]) for s in services]
        print_table("Local stack", ["service", "running", "pid", "port"], rows)
    else:
        ERR.print("no stack is running")
    if not running:
        raise typer.Exit(Exit.FINDING)


@app.command()
def env(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Print what a program needs to use the stack, as lines NAME="value"."""
    found = state.load((data_dir or DEFAULT_DATA_DIR).absolute())
    if found is None or not found.alive or not found.ready:
        fail("no stack is running", as_json=as_json)
    if as_json:
        print_json(found.env)
        return
    _print_env(found.env)


@app.command()
def reset(
    *,
    data_dir: DataDir = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really delete.")] = False,
    as_json: Json = False,
) -> None:
    """Stop the stack and delete its data: database, files, keys. Only says so without --yes."""
    folder = (data_dir or DEFAULT_DATA_DIR).absolute()
    is_stack = (folder / "keys").is_dir() or (folder / "lock").exists()
    if folder.exists() and not is_stack:
        fail(f"{folder} holds no stack", Exit.USAGE, as_json=as_json)
    if yes and folder.exists():
        supervisor.stop(folder)
        shutil.rmtree(folder)
    if as_json:
        print_json({"ok": True, "folder": str(folder), "deleted": yes})
    else:
        ERR.print(f"{'deleted' if yes else 'would delete'} {folder}", highlight=False)
