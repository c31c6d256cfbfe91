"""A database and an account at Stripe, and the commands that keep them together."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner, Result

from thumbsmith.cli import app

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.stand_ins.stripe.stand_in import StandIn


@dataclass
class CommandRunner:
    """Runs commands on one database and one stand-in, and looks at both."""

    db: Database
    stripe: StandIn
    env: dict[str, str | None] = field(init=False)

    def __post_init__(self) -> None:
        self.env = dict.fromkeys(("DB_URL", "DATABASE_URL", "THUMBSMITH_DATA_DIR"))
        self.env |= {"STRIPE_SECRET_KEY": self.stripe.key, "STRIPE_API_BASE": self.stripe.url}

    def run(self, *arguments: object, **env: str | None) -> Result:
        """Run a command in this process; `env` changes what it finds in its environment."""
        found = self.env | env
        words = [*map(str, arguments), f"--db-url={self.db.url}"]
        done = CliRunner().invoke(app, words, env=found)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        # Whatever happens, no key is shown.
        for key in (self.stripe.key, found["STRIPE_SECRET_KEY"]):
            assert not (key or "").strip() or str(key) not in done.output
        return done

    def report(self, *arguments: object, code: int = 0, **env: str | None) -> Any:
        """Run a command that must end with this code, and return its JSON."""
        done = self.run(*arguments, "--json", **env)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    def changes(self, *arguments: object, code: int = 0) -> list[tuple[str, str]]:
        """Return key and change of each line that a command of the catalog reports."""
        report = self.report("catalog", *arguments, code=code)
        return [(one["item_key"], one["change"]) for one in report["changes"]]

    def at_stripe(self) -> list[dict[str, Any]]:
        """Return all products and prices as they are, and every event: a write would show."""
        v1 = self.stripe.client.v1
        found: list[dict[str, Any]] = []
        for listing in (v1.products.list, v1.prices.list, v1.events.list):
            page = listing({"limit": 100})
            assert not page.has_more
            found += [one.to_dict(for_json=True) for one in page.data]
        return found

    def price(self, lookup_key: str) -> dict[str, Any]:
        """Return the price at Stripe with this lookup key."""
        found = self.stripe.client.v1.prices.list({"lookup_keys": [lookup_key]}).data
        assert len(found) == 1
        return found[0].to_dict(for_json=True)

    def price_by_id(self, price_id: str) -> dict[str, Any]:
        """Return a price at Stripe."""
        return self.stripe.client.v1.prices.retrieve(price_id).to_dict(for_json=True)

    def catalog(self) -> dict[str, dict[str, Any]]:
        """Return our catalog by lookup key."""
        return {row["lookup_key"]: row for row in self.db.rows("select * from private.catalog")}

    def links(self) -> dict[str, tuple[str, bool]]:
        """Return what each price that was ever ours sells, and whether it is the current one."""
        rows = self.db.rows("select * from private.stripe_prices")
        return {row["price_id"]: (row["item_key"], row["is_current"]) for row in rows}
