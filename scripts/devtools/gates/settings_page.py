"""docs/settings.md, made from the columns of private.settings and their comments."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

_COLUMNS = """
    select
        a.attname as name,
        format_type(a.atttypid, null) as type,
        pg_get_expr(d.adbin, d.adrelid) as default_value,
        a.attnotnull as is_required,
        col_description(a.attrelid, a.attnum) as comment
    from pg_attribute as a
    left join pg_attrdef as d on a.attrelid = d.adrelid and a.attnum = d.adnum
    where a.attrelid = 'private.settings'::regclass
        and a.attnum > 0
        and not a.attisdropped
        and a.attname <> 'id'
    order by a.attnum
"""
_HEAD = """# Settings

The numbers an operator may turn: one typed row, `private.settings`. They count from the next
transaction on, and each change leaves a row in the audit log. This page is made from the comments
of the columns by `scripts/lint --write`.

```sh
thumbsmith settings list
thumbsmith settings set max_running_generations 3 --why "one model is slow" --yes
```

| setting | default | type | what it is |
|---|---|---|---|
"""


def page(url: str) -> str:
    """Return the page for a migrated database."""
    with psycopg.connect(url) as connection:
        columns = connection.execute(_COLUMNS).fetchall()
    return _HEAD + "\n".join(_lines(columns)) + "\n"


def _lines(columns: list[tuple[str, str, str | None, bool, str | None]]) -> Iterator[str]:
    for name, kind, default, is_required, comment in columns:
        value = "none" if default is None else f"`{_plain(default)}`"
        null = "" if is_required else ", or null"
        said = " ".join((comment or "").split()).replace("|", "\\|")
        yield f"| `{name}` | {value} | {kind}{null} | {said} |"


def _plain(default: str) -> str:
    """Return a default as a person writes it: `'7 days'::interval` is 7 days."""
    return default.split("::", maxsplit=1)[0].strip("'")
