"""docs/settings.md, made from the columns of private.settings and their comments."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from thumbsmith.settings import columns

_HEAD = """# Settings

The numbers an operator may turn: one typed row, `private.settings`. They count from the next
transaction on. This page is made from the comments of the columns by `scripts/lint --write`.

```sh
thumbsmith settings list
thumbsmith settings set sign_up_credits 30 --why "the offer is over"   # says what it would do
thumbsmith settings set sign_up_credits 30 --why "the offer is over" --yes
thumbsmith settings set generations_per_day_max --null --why "no limit in the holidays" --yes
```

Each change leaves a row in `private.audit_log`: when, who, why, the values before and after. So
does each change by hand of a setting, a type, a model, a pack, a plan or a price at Stripe. Who and
why are then those of the transaction:

```sql
begin;
set local thumbsmith.who = 'Olga';
set local thumbsmith.why = 'Replicate is dearer';
update public.generation_types set cost_credits = 12 where type_key = 'thumbnail';
commit;
```

| setting | default | type | what it is |
|---|---|---|---|
"""


def page(url: str) -> str:
    """Return the page for a migrated database."""
    with psycopg.connect(url) as connection:
        settings = columns.read(connection)
    return _HEAD + "\n".join(_lines(settings)) + "\n"


def _lines(settings: list[columns.Setting]) -> Iterator[str]:
    for one in settings:
        value = "none" if one.default is None else f"`{one.default}`"
        null = "" if one.is_required else ", or null"
        meaning = one.meaning.replace("|", "\\|")
        yield f"| `{one.name}` | {value} | {one.type}{null} | {meaning} |"
