"""Connections to a test's database as the sidecar's role."""

from __future__ import annotations

import re

from psycopg.conninfo import make_conninfo

from tests.support.database import Database
from thumbsmith.project.keys import sidecar_password


def database_url(db: Database) -> str:
    given = make_conninfo(db.url, user="thumbsmith_sidecar", password=sidecar_password())
    parts = dict(re.findall(r"(\w+)=(\S+)", given))
    return (
        f"postgresql://{parts['user']}:{parts['password']}"
        f"@{parts['host']}:{parts['port']}/{parts['dbname']}"
    )


def url_of(db: Database) -> str:
    return make_conninfo(db.url, user="thumbsmith_sidecar", password=sidecar_password())


def cut_connections(db: Database) -> None:
    db.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and usename = 'thumbsmith_sidecar'"
    )
