"""What can go wrong with the local stack."""

from __future__ import annotations


class StackError(Exception):
    """The local stack cannot do what was asked; a command ends with this slug and exit code."""

    slug = "stack_failed"
    exit_code = 1


class ServiceFailedError(StackError):
    """A service ended, or did not become ready."""

    slug = "service_failed"

    def __init__(self, service: str, what: str, log: str) -> None:
        self.service = service
        self.what = what
        self.log = log
        ending = f"\nThe end of its log:\n{log}" if log else ""
        super().__init__(f"{service} {what}.{ending}")


class AlreadyRunningError(StackError):
    """A stack already runs on this data folder."""

    slug = "already_running"
    exit_code = 3


class DatabaseIsNewerError(StackError):
    """The data folder holds a database that knows more migrations than this checkout."""

    slug = "database_is_newer"


class ProgramMissingError(StackError):
    """A program is not there, and this machine has no build of it in a package."""

    slug = "program_missing"
    exit_code = 2


class PackagesNotInstalledError(StackError):
    """The packages of Node.js are not there and could not be fetched."""

    slug = "packages_not_installed"


class CommandFailedError(StackError):
    """A helper program failed."""

    slug = "program_failed"

    def __init__(self, command: str, code: int, output: str) -> None:
        self.code = code
        self.output = output
        super().__init__(f"{command} ended with code {code}.\n{output.strip()}")
