"""`thumbsmith demo`: the command, apart from the story that it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devtools.demo.run import run_demo
from thumbsmith.console.output import Json


def demo(
    *,
    as_json: Json = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the stack keeps its data.", show_default="temporary")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the data afterwards.")] = False,
) -> None:
    """Start everything, and go through the product from sign-up to a thumbnail."""
    raise typer.Exit(run_demo(json=as_json, data_dir=data_dir, keep=keep))
