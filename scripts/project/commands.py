"""Run a program to its end, with a time limit, and fail with its output."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from thumbsmith.project.errors import CommandFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thumbsmith.project.account import Account


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    account: Account | None = None,
    timeout: float = 120,
    check: bool = True,
    given: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `argv` without a terminal; raise CommandFailedError unless it ends with 0.

    `given` is what the program reads from its standard input.
    """
    options = account.popen_options() if account else {}
    try:
        done = subprocess.run(  # noqa: S603
            list(argv),
            env=dict(env),
            cwd=cwd,
            **({"stdin": subprocess.DEVNULL} if given is None else {"input": given}),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired as late:
        message = f"no end within {timeout:.0f} s"
        raise CommandFailedError(Path(argv[0]).name, -1, message) from late
    if check and done.returncode != 0:
        # The program's name and its verb; never the arguments, which may hold a password.
        raise CommandFailedError(Path(argv[0]).name, done.returncode, done.stdout + done.stderr)
    return done
