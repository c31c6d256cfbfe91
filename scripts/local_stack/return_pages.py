"""Where Stripe's pages lead back to: a site that was named, or the gateway's own small pages."""

from __future__ import annotations

import psycopg

_SESSION = "{CHECKOUT_SESSION_ID}"
# Of the seed, or of an earlier start: everything else was chosen by a person and stays.
_SET = """
    update private.settings
    set checkout_success_url = %(paid)s,
        checkout_cancel_url = %(left)s,
        portal_return_url = %(account)s
    where id
        and (
            %(is_chosen)s
            or checkout_success_url is null
            or checkout_success_url like 'http://127.0.0.1:3000/thanks%%'
            or checkout_success_url like 'http://127.0.0.1:%%/local/paid%%'
        )
"""


def set_return_pages(database_url: str, api_url: str, site_url: str | None) -> None:
    """Set them in private.settings."""
    pages = {
        "paid": f"{site_url or f'{api_url}/local/paid'}?checkout=paid&session_id={_SESSION}",
        "left": f"{site_url}?checkout=canceled" if site_url else f"{api_url}/local/canceled",
        "account": site_url or f"{api_url}/local/account",
    }
    with psycopg.connect(database_url) as connection:
        connection.execute(_SET, pages | {"is_chosen": site_url is not None})
