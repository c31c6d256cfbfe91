"""Where Stripe's pages lead back to: a site that was named, or the gateway's own small pages."""

from __future__ import annotations

import psycopg
from psycopg import sql

_SESSION = "{CHECKOUT_SESSION_ID}"
# An address of the seed or of an earlier start is replaced; another was chosen by a person and
# stays. Each address is judged by itself.
_SET = """
    update private.settings
    set {column} = %(page)s
    where id
        and (
            %(is_chosen)s
            or {column} is null
            or {column} like 'http://127.0.0.1:3000/thanks?%%'
            or {column} ~ '^http://127[.]0[.]0[.]1:[0-9]+/local/(paid|canceled|account)([?]|$)'
        )
"""


def set_return_pages(
    database_url: str, api_url: str, site_url: str | None, *, is_chosen: bool
) -> None:
    """Set them in private.settings; all of them when the site was chosen for this start."""
    pages = {
        "checkout_success_url": (
            f"{site_url or f'{api_url}/local/paid'}?checkout=paid&session_id={_SESSION}"
        ),
        "checkout_cancel_url": (
            f"{site_url}?checkout=canceled" if site_url else f"{api_url}/local/canceled"
        ),
        "portal_return_url": site_url or f"{api_url}/local/account",
    }
    with psycopg.connect(database_url) as connection:
        for column, page in pages.items():
            statement = sql.SQL(_SET).format(column=sql.Identifier(column))
            connection.execute(statement, {"page": page, "is_chosen": is_chosen})
