"""The settings that there are, read from the columns of private.settings and their comments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

_COLUMNS = """
    select
        a.attname as name,
        format_type(a.atttypid, a.atttypmod) as type,
        pg_get_expr(d.adbin, d.adrelid) as default_expression,
        a.attnotnull as is_required,
        coalesce(col_description(a.attrelid, a.attnum), '') as comment
    from pg_attribute as a
    left join pg_attrdef as d on a.attrelid = d.adrelid and a.attnum = d.adnum
    where a.attrelid = 'private.settings'::regclass
        and a.attnum > 0
        and not a.attisdropped
        and a.attname <> 'id'
    order by a.attnum
"""


@dataclass(frozen=True)
class Setting:
    """A column of private.settings; `default_expression` as SQL has it."""

    name: str
    type: str
    default_expression: str | None
    is_required: bool
    comment: str

    @property
    def default(self) -> str | None:
        """Return the default as a person writes it: `'7 days'::interval` is 7 days."""
        if self.default_expression is None:
            return None
        return self.default_expression.split("::", maxsplit=1)[0].strip("'")

    @property
    def meaning(self) -> str:
        """Return the comment on one line."""
        return " ".join(self.comment.split())


def read(connection: psycopg.Connection[Any]) -> list[Setting]:
    """Return the settings in the order of their groups."""
    with connection.cursor(row_factory=class_row(Setting)) as cursor:
        return cursor.execute(_COLUMNS).fetchall()
