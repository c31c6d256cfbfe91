"""How the services of one stack are wired: addresses, ports, keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_stack import postgrest, replicate_service, sidecar, stripe_service
from local_stack.node import NodePlan, node_service
from thumbsmith.project.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from local_stack.database import Database
    from local_stack.stripe_service import StripeAccess
    from thumbsmith.project.config import ProjectConfig
    from thumbsmith.project.keys import Keys
    from thumbsmith.project.process import Service


@dataclass(frozen=True)
class Blueprint:
    """Describes every service; starts none."""

    data_dir: Path
    ports: Mapping[str, int]
    keys: Keys
    config: ProjectConfig
    stripe_key: str = field(default="", repr=False)
    site_url: str | None = None

    @property
    def api_url(self) -> str:
        """Return the gateway's address."""
        return self._url("node")

    @property
    def replicate_url(self) -> str:
        """Return the address of the Replicate stand-in."""
        return self._url("replicate")

    @property
    def stripe(self) -> StripeAccess:
        """Return the stand-in for Stripe, or Stripe's test mode."""
        return stripe_service.stripe_access(self.keys.tokens, self._url("stripe"), self.stripe_key)

    @property
    def sidecar_url(self) -> str:
        """Return the sidecar's address."""
        return self._url("sidecar")

    def log(self, name: str) -> Path:
        """Return a service's log file."""
        return self.data_dir / "logs" / f"{name}.log"

    def stand_ins(self, wanted: Collection[str]) -> list[Service]:
        """Describe the model server and both stand-ins; they need no database."""
        tokens, ports = self.keys.tokens, self.ports
        cog = replicate_service.cog_service(self.log("cog"), ports["cog"], self.data_dir / "tmp")
        replicate = replicate_service.replicate_service(
            tokens, self._url("cog"), self.log("replicate"), ports["replicate"]
        )
        described = (
            [cog, replicate] if self.stripe.is_real else [cog, replicate, self._stripe(wanted)]
        )
        return [one for one in described if one.name in wanted]

    def _stripe(self, wanted: Collection[str]) -> Service:
        hook = self.sidecar_url + stripe_service.WEBHOOK_PATH if "sidecar" in wanted else None
        return stripe_service.stand_in_service(
            self.stripe,
            hook,
            self.log("stripe"),
            self.ports["stripe"],
            self.data_dir / "stripe.account",
        )

    def node(self, database: Database) -> Service:
        """Describe Auth, Storage and the gateway."""
        plan = NodePlan(
            database_url=database.url,
            password=database.password,
            storage_dir=self.data_dir / "storage",
            postgrest_url=self._url("postgrest"),
            api_url=self.api_url,
            keys=self.keys,
            config=self.config,
            site_url=self.site_url,
        )
        return node_service(plan, self.log("node"), self.ports["node"])

    def postgrest(self, database: Database) -> Service:
        """Describe PostgREST."""
        return postgrest.postgrest_service(
            database.url,
            database.password,
            self.keys.jwks_file,
            self.config,
            self.log("postgrest"),
            (self.ports["postgrest"], self.ports["postgrest_admin"]),
        )

    def sidecar(self, database: Database) -> Service:
        """Describe the sidecar."""
        port = self.ports["sidecar"]
        env = sidecar.sidecar_environment(
            database.url, self.api_url, self.replicate_url, self.keys, port
        )
        return sidecar.sidecar_service(env | self.stripe.sidecar_env, self.log("sidecar"), port)

    def _url(self, name: str) -> str:
        return f"http://{HOST}:{self.ports[name]}"
