"""Commands with the options that all of them share, and the one place where an error is shown."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from thumbsmith.console.context import Context, using
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import ERR, print_json
from thumbsmith.project.errors import StackError

_WANTS_JSON = "thumbsmith.wants_json"
_Function = TypeVar("_Function", bound=Callable[..., Any])
_SHARED: dict[str, Any] = {
    "db_url": Annotated[
        str | None,
        typer.Option(
            "--db-url",
            help="The database, as role postgres.",
            show_default="DB_URL, or the running stack",
        ),
    ],
    "data_dir": Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            help="The folder in which the local stack keeps its data.",
            envvar="THUMBSMITH_DATA_DIR",
            show_default=".thumbsmith/stack",
        ),
    ],
    "as_json": Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")],
}
_DEFAULTS: dict[str, Any] = {"db_url": None, "data_dir": None, "as_json": False}
# On a database; on the local stack alone.
DATABASE = ("db_url", "data_dir", "as_json")
LOCAL = ("data_dir", "as_json")


def in_context(function: Callable[..., Any], shared: Sequence[str]) -> Callable[..., Any]:
    """Return a command with the shared options, which runs `function` in their context."""
    own = inspect.signature(function, eval_str=True)
    more = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_DEFAULTS[name],
            annotation=_SHARED[name],
        )
        for name in shared
    ]

    def command(**given: Any) -> Any:
        options = {name: given.pop(name, _DEFAULTS[name]) for name in _DEFAULTS}
        with using(Context(**options)):
            return function(**given)

    signature = own.replace(parameters=[*own.parameters.values(), *more])
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    return command


class Commands(typer.Typer):
    """A group of commands with shared options, kept in one context.

    They are those of a command on a database, unless `shared` names others.
    """

    def __init__(self, *, shared: Sequence[str] = DATABASE, **settings: Any) -> None:
        super().__init__(no_args_is_help=True, **settings)
        self._shared = shared

    def command(
        self, name: str | None = None, *, shared: Sequence[str] | None = None, **settings: Any
    ) -> Callable[[_Function], _Function]:
        """Add a command; the function itself stays as it is, for other callers."""
        register = super().command(name, **settings)
        options = self._shared if shared is None else shared

        def add(function: _Function) -> _Function:
            register(in_context(function, options))
            return function

        return add


class RootGroup(TyperGroup):
    """All commands, and the one place where their errors are shown."""

    def parse_args(self, ctx: Any, args: Sequence[str]) -> Any:
        """Note whether JSON is wanted, before the words are taken apart."""
        ctx.meta[_WANTS_JSON] = "--json" in args
        return super().parse_args(ctx, list(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; show an error of it as text or as JSON, with its exit code."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            failure = as_command_error(error)
            if failure is None:
                raise
            show_error(failure, as_json=ctx.meta[_WANTS_JSON])
            raise typer.Exit(failure.code) from None


def show_error(error: CommandError, *, as_json: bool) -> None:
    """Print an error: JSON on stdout for programs, sentences on stderr for people."""
    if as_json:
        said = {"detail": error.detail or None, "hint": error.hint or None}
        print_json({"ok": False, "error": error.slug, **said, **error.more})
        return
    lines = [f"{error.slug}: {error.detail}" if error.detail else error.slug]
    lines += [error.hint] if error.hint else []
    ERR.print("\n".join(lines), style="red", markup=False, highlight=False)


def as_command_error(error: Exception) -> CommandError | None:
    """Return what is no bug of ours as an error of the command."""
    if isinstance(error, CommandError):
        return error
    if isinstance(error, StackError):
        return CommandError(error.slug, str(error), code=Exit(error.exit_code))
    psycopg = sys.modules.get("psycopg")
    if psycopg is not None and isinstance(error, psycopg.OperationalError):
        return CommandError("database_unreachable", _first_line(error), code=Exit.TRY_AGAIN)
    if isinstance(error, OSError):
        return _of_system(error)
    return None


def _of_system(error: OSError) -> CommandError:
    """Return an error of the operating system as one sentence: what, and where."""
    slugs = {PermissionError: "permission_denied", FileNotFoundError: "file_not_found"}
    where = f"{error.filename}: " if error.filename else ""
    detail = f"{where}{error.strerror or type(error).__name__}"
    return CommandError(slugs.get(type(error), "system_error"), detail, code=Exit.USAGE)


def _first_line(error: Exception) -> str:
    # libpq repeats itself for each address of a name.
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
