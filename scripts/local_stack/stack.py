"""The whole local stack as one object."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self, TextIO

from local_stack import (
    install,
    key_files,
    migrate,
    programs,
    remembered_ports,
    remembered_site,
    sidecar,
    stripe_service,
)
from local_stack.blueprint import Blueprint
from local_stack.database import Database, ExternalDatabase, ManagedDatabase, open_sidecar_role
from local_stack.return_pages import set_return_pages
from thumbsmith.project import config, state
from thumbsmith.project.errors import StackError
from thumbsmith.project.paths import DEFAULT_DATA_DIR
from thumbsmith.project.process import Service, stop_all, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from local_stack.stripe_service import StripeAccess
    from thumbsmith.project.keys import Keys

SERVICES = ("postgres", "node", "postgrest", "cog", "replicate", "stripe", "sidecar")

_PORTS = (*SERVICES, "postgrest_admin")


class Stack:
    """Starts and stops the services; a context manager.

    `services` names what to start (PostgreSQL always is). With `database_url`, or DATABASE_URL in
    the environment when it is None, that server is used instead of an own one. In the same way
    `stripe_key` or STRIPE_SECRET_KEY, a key of Stripe's test mode, puts Stripe itself in the place
    of the stand-in (not beside a STRIPE_API_BASE on this machine: that is a stand-in's key).
    `migrate=False` leaves out the product's migrations and seed. `ports` fixes ports by service
    name; the gateway's is called node. `site_url` is where Auth's mails and Stripe's pages lead
    back to, instead of small pages of the gateway; it is remembered, and "" forgets it.
    `on_started` is given the environment when everything runs, and may fill the services before the
    stack counts as ready.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        services: Iterable[str] = SERVICES,
        database_url: str | None = None,
        stripe_key: str | None = None,
        old_privileges: bool = False,
        migrate: bool = True,
        ports: Mapping[str, int] | None = None,
        progress: Callable[[str], None] = lambda _: None,
        on_started: Callable[[Mapping[str, str]], None] = lambda _: None,
        site_url: str | None = None,
    ) -> None:
        self.data_dir = (data_dir or DEFAULT_DATA_DIR).absolute()
        self.services = frozenset(services) | {"postgres"}
        if unknown := self.services - set(SERVICES):
            message = f"unknown services: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        self._migrate = migrate
        self._progress = progress
        self._on_started = on_started
        self._site_url = site_url
        self._wanted_ports = dict(ports or {})
        self._database_url = database_url or os.environ.get("DATABASE_URL") or None
        self._stripe_key = stripe_service.key_of_environment() if stripe_key is None else stripe_key
        self._old_privileges = old_privileges
        self._lock: TextIO | None = None
        self._running: list[Service] = []
        self._database: Database | None = None
        self._plan: Blueprint | None = None

    @property
    def api_url(self) -> str:
        """Return the gateway's address: what a client calls SUPABASE_URL."""
        return self._blueprint.api_url

    @property
    def replicate_url(self) -> str:
        """Return the address of the Replicate stand-in."""
        return self._blueprint.replicate_url

    @property
    def stripe(self) -> StripeAccess:
        """Return where Stripe's API is, or its stand-in, and the secrets shared with it."""
        return self._blueprint.stripe

    @property
    def sidecar_url(self) -> str:
        """Return the sidecar's address."""
        return self._blueprint.sidecar_url

    @property
    def jwks_url(self) -> str:
        """Return where the public keys of users' tokens are."""
        return f"{self.api_url}/auth/v1/.well-known/jwks.json"

    @property
    def db_url(self) -> str:
        """Return the database's address for the role postgres."""
        return self.database.url

    @property
    def admin_url(self) -> str:
        """Return the database's address for the superuser."""
        return self.database.admin_url

    @property
    def keys(self) -> Keys:
        """Return the keys and tokens of this stack."""
        return self._blueprint.keys

    @property
    def database(self) -> Database:
        """Return the database that is used."""
        if self._database is None:
            message = "the stack is not up"
            raise StackError(message)
        return self._database

    @property
    def _blueprint(self) -> Blueprint:
        if self._plan is None:
            message = "the stack is not up"
            raise StackError(message)
        return self._plan

    @property
    def env(self) -> dict[str, str]:
        """What a program needs to use the stack, under the names of `supabase status -o env`."""
        found = {
            "API_URL": self.api_url,
            "DB_URL": self.db_url,
            "PUBLISHABLE_KEY": self.keys.publishable_key,
            "SECRET_KEY": self.keys.secret_key,
            "JWKS_URL": self.jwks_url,
            "ANON_KEY": self.keys.tokens.anon_key,
            "SERVICE_ROLE_KEY": self.keys.tokens.service_role_key,
        }
        if "sidecar" in self.services:
            found["SIDECAR_URL"] = self.sidecar_url
        if "replicate" in self.services:
            found["REPLICATE_BASE_URL"] = self.replicate_url
            found["REPLICATE_API_TOKEN"] = self.keys.tokens.replicate_api_token
        if "stripe" in self.services:
            found |= self.stripe.public_env
        return found

    def service(self, name: str) -> Service:
        """Return a running service."""
        return next(service for service in self._running if service.name == name)

    def up(self) -> Self:
        """Start everything; after an error nothing is left running."""
        self._lock = state.hold(self.data_dir)
        state.forget(self.data_dir)
        try:
            self._prepare()
            self._save(ready=False)
            self._start()
            self._on_started(self.env)
            self._save(ready=True)
        except BaseException:
            self.down()
            raise
        return self

    def down(self) -> None:
        """Stop everything, the database last."""
        stop_all(reversed([one for one in self._running if one.name != "postgres"]))
        if self._database is not None:
            self._database.down()
        self._running.clear()
        if self._lock is not None:
            state.forget(self.data_dir)
            self._lock.close()
            self._lock = None

    def check(self) -> None:
        """Raise ServiceFailedError when a service has ended by itself."""
        for service in self._running:
            service.check()

    def __enter__(self) -> Self:
        """Start the stack."""
        return self.up()

    def __exit__(self, *_: object) -> None:
        """Stop the stack."""
        self.down()

    def _prepare(self) -> None:
        programs.check(self.services, has_database=bool(self._database_url))
        install.ensure_node_modules(self._progress)
        wanted = self._wanted_ports
        ports = remembered_ports.choose(self.data_dir, _PORTS, wanted, self._progress)
        made = key_files.load_or_create(self.data_dir / "keys")
        (self.data_dir / "storage").mkdir(exist_ok=True)
        site = remembered_site.choose(self.data_dir, self._site_url)
        self._plan = Blueprint(
            self.data_dir, ports, made, config.load(), self._stripe_key, site_url=site
        )
        if self._database_url:
            self._database = ExternalDatabase(
                self._database_url, old_privileges=self._old_privileges
            )
        else:
            self._database = ManagedDatabase(
                self.data_dir / "postgres",
                self._plan.log("postgres"),
                ports["postgres"],
                old_privileges=self._old_privileges,
            )

    def _start(self) -> None:
        # What needs no database starts first, and gets ready while the database does.
        blueprint = self._blueprint
        waiting = [self._launch(one) for one in blueprint.stand_ins(self.services)]
        self._progress("starting PostgreSQL")
        self._running += self.database.up(self._progress)
        if "node" in self.services:
            waiting.append(self._launch(blueprint.node(self.database)))
        if self._migrate:
            self._apply_migrations()
        # After the migrations, so that it reads the final schema at once.
        if "postgrest" in self.services:
            waiting.append(self._launch(blueprint.postgrest(self.database)))
        self._progress("waiting for the services")
        if "sidecar" in self.services:
            waiting.append(self._launch(blueprint.sidecar(self.database)))
        wait_until_ready(waiting)

    def _apply_migrations(self) -> None:
        self._progress("applying the migrations")
        migrate.migrate(self.db_url)
        migrate.seed(self.db_url, self._blueprint.config)
        set_return_pages(
            self.db_url,
            self.api_url,
            self._blueprint.site_url,
            is_chosen=self._site_url is not None,
        )
        remembered_site.remember(self.data_dir, self._blueprint.site_url)
        if not open_sidecar_role(self.database.admin_url) and "sidecar" in self.services:
            message = f"no migration has made the role {sidecar.ROLE}; start without the sidecar"
            raise StackError(message)

    def _launch(self, service: Service) -> Service:
        service.start()
        self._running.append(service)
        self._save(ready=False)
        return service

    def _save(self, *, ready: bool) -> None:
        own = state.ProcessState.of("supervisor", os.getpid())
        services = [
            state.ProcessState.of(one.name, one.pid, one.port, str(one.log))
            for one in self._running
            if one.pid is not None
        ]
        env = self.env if ready else {}
        state.StackState(own, services, env, ready).save(self.data_dir)
