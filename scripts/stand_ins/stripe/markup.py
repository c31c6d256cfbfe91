"""Plain HTML, with everything escaped that comes from outside."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem }
form { display: inline-block; margin: .5rem .5rem .5rem 0 }
button { font: inherit; padding: .4rem 1rem } .note { color: #666 } td { padding-right: 1.5rem }
"""
# Currencies without a smaller unit that we may meet.
_WHOLE = frozenset({"jpy", "krw", "vnd", "clp"})


def page(title: str, *parts: str) -> str:
    """Return a page; the parts are HTML already."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(parts)}"
        '<p class="note">A local stand-in for Stripe: no money moves.</p></body></html>'
    )


def paragraph(text: str) -> str:
    """Return a paragraph of text."""
    return f"<p>{escape(text)}</p>"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table of texts."""
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def button(action: str, label: str, fields: dict[str, str] | None = None) -> str:
    """Return a form with one button."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in (fields or {}).items()
    )
    return (
        f'<form method="post" action="{escape(action)}">{hidden}'
        f"<button>{escape(label)}</button></form>"
    )


def link(address: str, label: str) -> str:
    """Return a link."""
    return f'<p><a href="{escape(address)}">{escape(label)}</a></p>'


def money(amount: int, currency: str) -> str:
    """Return an amount as people write it."""
    shown = f"{amount:,}" if currency in _WHOLE else f"{amount / 100:,.2f}"
    return f"{shown} {currency.upper()}"
