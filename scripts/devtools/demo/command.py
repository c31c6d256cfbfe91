"""`thumbsmith demo`: the command, apart from the story that it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from devtools.demo.run import run_demo
from thumbsmith.console.context import current


def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the data afterwards.")] = False,
) -> None:
    """Start everything, and go through the product from sign-up to a thumbnail."""
    raise typer.Exit(run_demo(json=current().as_json, data_dir=current().data_dir, keep=keep))
