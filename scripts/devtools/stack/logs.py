"""`thumbsmith stack logs`: what the services wrote."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from thumbsmith.console.output import Exit, Json, fail, print_json
from thumbsmith.project import state
from thumbsmith.project.paths import DEFAULT_DATA_DIR
from thumbsmith.project.process import log_tail

_POLL_SECONDS = 0.2


def logs(
    service: Annotated[str | None, typer.Argument(help="One service; all when left out.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they write.")] = False,
    lines: Annotated[int, typer.Option(help="How many lines of each.", min=1)] = 50,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where the stack keeps its data.", envvar="THUMBSMITH_DATA_DIR"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the end of the services' logs."""
    folder = (data_dir or DEFAULT_DATA_DIR).absolute()
    files = {file.stem: file for file in sorted((folder / "logs").glob("*.log"))}
    if service is not None and service not in files:
        known = ", ".join(files) or "none"
        fail(f"no log of {service}; there are: {known}", Exit.USAGE, as_json=as_json)
    chosen = {service: files[service]} if service else files
    if as_json:
        print_json({name: log_tail(file, lines).splitlines() for name, file in chosen.items()})
        return
    for name, file in chosen.items():
        for line in log_tail(file, lines).splitlines():
            typer.echo(f"{name:<10} {line}")
    if follow:
        _follow(chosen, folder)


def _follow(files: dict[str, Path], folder: Path) -> None:
    """Print what is added, until the stack ends or Ctrl-C."""
    opened: dict[str, BinaryIO] = {name: file.open("rb") for name, file in files.items()}
    try:
        for file in opened.values():
            file.seek(0, 2)
        while True:
            running = state.load(folder)
            for name, file in opened.items():
                for line in file.read().decode(errors="replace").splitlines():
                    typer.echo(f"{name:<10} {line}")
            if running is None or not running.alive:
                return
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        return
    finally:
        for file in opened.values():
            file.close()
