"""PostgreSQL 17 from its wheel: one server on a data folder."""

from __future__ import annotations

import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from local_stack import programs as server_programs
from local_stack.readable_copy import ReadableCopy
from thumbsmith.project import commands
from thumbsmith.project.account import postgres_account
from thumbsmith.project.ports import HOST, free_ports
from thumbsmith.project.probes import database_ok
from thumbsmith.project.process import Service, base_environment, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

ADMIN = "supabase_admin"
PASSWORD = "postgres"  # noqa: S105

_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "on",
    "wal_level": "logical",
    "max_connections": "200",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """A server. As root it runs under an ordinary account, in a place that account can reach."""

    def __init__(
        self,
        folder: Path,
        log: Path,
        *,
        port: int | None = None,
        superuser: str = ADMIN,
        settings: dict[str, str] | None = None,
        programs: Path | None = None,
    ) -> None:
        self.account = postgres_account()
        self.port = port or free_ports(1)[0]
        self._copy = ReadableCopy(folder, self.account)
        self._settings = _SETTINGS | (settings or {})
        self._log = log
        self._superuser = superuser
        self.bin_dir = self._copy.binaries(programs or server_programs.bin_dir())
        self.folder = self._copy.data()
        self.service: Service | None = None

    @property
    def is_temporary(self) -> bool:
        """Say whether the data goes away with the server, because its own place is unreachable."""
        return self._copy.is_copy(self.folder)

    @property
    def is_initialized(self) -> bool:
        """Say whether the data folder holds a cluster."""
        return (self.folder / "PG_VERSION").exists()

    def url(self, role: str = "postgres", database: str = "postgres") -> str:
        """Return the address of a database for a role."""
        return f"postgresql://{role}:{PASSWORD}@{HOST}:{self.port}/{database}?sslmode=disable"

    @property
    def admin_url(self) -> str:
        """The address for the superuser."""
        return self.url(self._superuser)

    def initdb(self) -> None:
        """Make an empty cluster with its superuser."""
        with self._secret_file() as password_file:
            argv = [
                str(self.bin_dir / "initdb"),
                f"--pgdata={self.folder}",
                f"--username={self._superuser}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                "--no-sync",
            ]
            commands.run(argv, env=base_environment(), cwd=Path("/"), account=self.account)

    def copy_from(self, cluster: Path) -> None:
        """Make the cluster as a copy of another that is shut down."""
        shutil.copytree(cluster, self.folder, symlinks=True, dirs_exist_ok=True)
        self.folder.chmod(0o700)
        if self.account:
            self.account.own_tree(self.folder)

    def describe(self) -> Service:
        """Return the service that runs the server."""
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        return Service(
            name="postgres",
            argv=[
                str(self.bin_dir / "postgres"),
                "-D",
                str(self.folder),
                f"--port={self.port}",
                *options,
            ],
            env=base_environment(),
            cwd=Path("/"),
            log=self._log,
            ready=database_ok(self.admin_url),
            port=self.port,
            account=self.account,
            # "fast" shutdown: sessions are ended, data is written
            stop_signal=signal.SIGINT,
            stop_within=30,
        )

    def start(self) -> Service:
        """Start the server without waiting for it."""
        self.service = self.describe()
        self.service.start()
        return self.service

    def stop(self) -> None:
        """Shut the server down and remove what was only temporary."""
        if self.service is not None:
            self.service.stop()
            self.service = None

    def discard(self) -> None:
        """Remove the temporary copies that an unreachable project folder made necessary."""
        self._copy.discard()

    def __enter__(self) -> Self:
        """Start the server and wait for it; the cluster must exist."""
        try:
            wait_until_ready([self.start()])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()
        self.discard()

    @contextmanager
    def _secret_file(self) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile("w", prefix="thumbsmith-") as file:
            file.write(PASSWORD)
            file.flush()
            if self.account:
                self.account.own(Path(file.name))
            yield Path(file.name)
