"""Commands with the options that all of them share, and the one place where an error is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from thumbsmith.console.context import Context, using
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import ERR, print_json
from thumbsmith.project.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Sequence

_META = "thumbsmith."
_Function = TypeVar("_Function", bound=Callable[..., Any])


def _keep(context: Any, parameter: Any, value: Any) -> Any:
    """Keep the value of a shared option beside the command's own arguments."""
    context.meta[_META + parameter.name] = value
    return value


def _option(flag: str, **settings: Any) -> TyperOption:
    return TyperOption(param_decls=[flag], callback=_keep, expose_value=False, **settings)


def _json() -> TyperOption:
    return _option("--json", is_flag=True, default=False, help="Print JSON, for programs.")


def _data_dir() -> TyperOption:
    return _option(
        "--data-dir",
        envvar="THUMBSMITH_DATA_DIR",
        default=None,
        show_default=".thumbsmith/stack",
        help="The folder in which the local stack keeps its data.",
    )


def _db_url() -> TyperOption:
    return _option(
        "--db-url",
        default=None,
        show_default="DB_URL, or the running stack",
        help="The database, as role postgres.",
    )


class _SharedCommand(TyperCommand):
    """A command that finds its shared options in `thumbsmith.console.context.current()`."""

    shared: tuple[Any, ...] = ()

    def __init__(self, *arguments: Any, params: Any = None, **settings: Any) -> None:
        more = [make() for make in self.shared]
        super().__init__(*arguments, params=[*(params or []), *more], **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run the command in its context."""
        said = {name: ctx.meta.get(_META + name) for name in ("db_url", "data_dir", "json")}
        folder = said["data_dir"]
        context = Context(said["db_url"], Path(folder) if folder else None, bool(said["json"]))
        with using(context):
            return super().invoke(ctx)


class DatabaseCommand(_SharedCommand):
    """A command on a database: `--db-url`, `--data-dir`, `--json`."""

    shared = (_db_url, _data_dir, _json)


class LocalCommand(_SharedCommand):
    """A command on the local stack: `--data-dir`, `--json`."""

    shared = (_data_dir, _json)


class ToolCommand(_SharedCommand):
    """A command on neither: `--json`."""

    shared = (_json,)


class DatabaseCommands(typer.Typer):
    """A group of commands on a database."""

    def command(self, *arguments: Any, **settings: Any) -> Callable[[_Function], _Function]:
        """Add a command with the shared options."""
        return super().command(*arguments, **({"cls": DatabaseCommand} | settings))


class LocalCommands(typer.Typer):
    """A group of commands on the local stack."""

    def command(self, *arguments: Any, **settings: Any) -> Callable[[_Function], _Function]:
        """Add a command with the shared options."""
        return super().command(*arguments, **({"cls": LocalCommand} | settings))


class RootGroup(TyperGroup):
    """All commands, and the one place where their errors are shown."""

    def parse_args(self, ctx: Any, args: Sequence[str]) -> Any:
        """Note whether JSON is wanted, before the words are taken apart."""
        ctx.meta[_META + "wants_json"] = "--json" in args
        return super().parse_args(ctx, list(args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; show an error of it as text or as JSON, with its exit code."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            failure = _as_command_error(error)
            if failure is None:
                raise
            show_error(failure, as_json=ctx.meta[_META + "wants_json"])
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


def _as_command_error(error: Exception) -> CommandError | None:
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
