"""`thumbsmith stack logs`: what the services wrote."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import print_json
from thumbsmith.operator.database import data_dir
from thumbsmith.project import state
from thumbsmith.project.process import log_tail

if TYPE_CHECKING:
    from pathlib import Path

_POLL_SECONDS = 0.2


def logs(
    service: Annotated[str | None, typer.Argument(help="One service; all when left out.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they write.")] = False,
    lines: Annotated[int, typer.Option(help="How many lines of each.", min=1)] = 50,
) -> None:
    """Print the end of the services' logs."""
    folder = data_dir()
    files = {file.stem: file for file in sorted((folder / "logs").glob("*.log"))}
    if not files or (service is not None and service not in files):
        what = f"no log of {service}" if service else "no log"
        detail = f"{what} in {folder / 'logs'}; there are: {', '.join(files) or 'none'}"
        raise CommandError("log_not_found", detail, code=Exit.USAGE)
    chosen = {service: files[service]} if service else files
    if current().as_json:
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
