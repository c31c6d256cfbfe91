"""The real PostgREST, behind the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_stack import programs
from thumbsmith.project import addresses
from thumbsmith.project.ports import HOST
from thumbsmith.project.probes import http_ok
from thumbsmith.project.process import Service, base_environment

if TYPE_CHECKING:
    from pathlib import Path

    from thumbsmith.project.config import ProjectConfig


def postgrest_service(
    database_url: str,
    password: str,
    jwks_file: Path,
    config: ProjectConfig,
    log: Path,
    ports: tuple[int, int],
) -> Service:
    """Describe PostgREST on a port, with its admin port for the readiness probe."""
    port, admin_port = ports
    env = base_environment() | {
        "PGRST_DB_URI": addresses.with_role(database_url, "authenticator", password),
        "PGRST_DB_SCHEMAS": ",".join(config.schemas),
        "PGRST_DB_EXTRA_SEARCH_PATH": ",".join(config.extra_search_path),
        "PGRST_DB_ANON_ROLE": "anon",
        "PGRST_DB_MAX_ROWS": str(config.max_rows),
        "PGRST_DB_POOL": "10",
        "PGRST_JWT_SECRET": f"@{jwks_file}",
        "PGRST_SERVER_HOST": HOST,
        "PGRST_SERVER_PORT": str(port),
        "PGRST_ADMIN_SERVER_PORT": str(admin_port),
    }
    return Service(
        name="postgrest",
        argv=[programs.postgrest()],
        env=env,
        log=log,
        ready=http_ok(f"http://{HOST}:{admin_port}/ready"),
        port=port,
    )
