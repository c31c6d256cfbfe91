"""Commands of the repository: developers' tools, which no package carries.

They are loaded when they run, and named here by strings: this is the one place where the tool may
name what it never imports. Outside the repository each says that it needs one.
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from thumbsmith.console.command import DATABASE, LOCAL, Commands
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import say
from thumbsmith.project import paths

if TYPE_CHECKING:
    from collections.abc import Callable

_COMMANDS = {
    "stack": ("devtools.stack.commands:app", "The local stack: real parts, no Docker."),
    "demo": ("devtools.demo.command:demo", "Start everything, and go from sign-up to a thumbnail."),
    "bench": ("devtools.bench.command:bench", "Measure what a request costs."),
}
_DATABASE_COMMANDS = {
    "lint": ("devtools.advisors:lint", "Run Supabase's security and performance advisors."),
}
_SHARED = {
    "devtools.demo.command:demo": LOCAL,
    "devtools.bench.command:bench": ("as_json",),
    "devtools.advisors:lint": DATABASE,
}
_LOCAL_CHECKS = "devtools.doctor:checks"

# The command that is loaded reads all arguments, `--help` too.
_ALL_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}


def mount(app: Commands, database_app: Commands) -> None:
    """Add the commands of the repository to the tool's own."""
    for to, commands in ((app, _COMMANDS), (database_app, _DATABASE_COMMANDS)):
        for name, (target, summary) in commands.items():
            to.command(
                name,
                shared=(),
                help=summary,
                add_help_option=False,
                context_settings=dict(_ALL_ARGUMENTS),
            )(_forward(target, summary))


def local_checks() -> Callable[..., Any] | None:
    """Return what `doctor` asks about the local stack; None outside the repository."""
    return None if paths.PROJECT is None else _load(_LOCAL_CHECKS)


def _forward(target: str, summary: str) -> Callable[[typer.Context], None]:
    def command(context: typer.Context) -> None:
        _run(context, target, summary)

    return command


def _run(context: typer.Context, target: str, summary: str) -> None:
    if paths.PROJECT is None:
        needs = f"`{context.command_path}` needs the repository: this is the package alone"
        if "--help" not in context.args:
            raise CommandError("needs_repository", needs, code=Exit.USAGE)
        say(summary, f"{needs}.")
        return
    found = _load(target)
    if not isinstance(found, typer.Typer):
        group = Commands(add_completion=False)
        group.command(shared=_SHARED[target])(found)
        found = group
    command = typer.main.get_command(found)
    make = partial(command.make_context, context.info_name, list(context.args))
    with make(parent=context.parent) as inner:
        command.invoke(inner)


def _load(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
