"""A migrated and seeded database for the gates that read the catalog."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_stack import cluster, databases, install, migrate
from local_stack.postgres import Postgres
from thumbsmith.project import config

# A copy without migrations, for the gates that apply them one by one.
PLATFORM = "platform"


@contextmanager
def migrated(programs: Path | None = None) -> Iterator[Postgres]:
    """Run a server with the migrations applied, on these programs or those of the wheel."""
    install.ensure_node_modules()
    with tempfile.TemporaryDirectory(prefix="thumbsmith-lint-") as folder:
        server = Postgres(Path(folder) / "data", Path(folder) / "log", programs=programs)
        cluster.initialize(server)
        with server:
            databases.clone(server, "postgres", PLATFORM)
            migrate.migrate(server.url())
            migrate.seed(server.url(), config.load())
            yield server
