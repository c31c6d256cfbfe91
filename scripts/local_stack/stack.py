"""The whole local stack as one object."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self, TextIO

from local_stack import config, install, keys, postgrest, provider, sidecar, state, supabase_cli
from local_stack.database import Database, GivenDatabase, OwnDatabase, open_sidecar_role
from local_stack.errors import StackError
from local_stack.node import NodePlan, node_service
from local_stack.paths import DEFAULT_DATA_DIR
from local_stack.ports import HOST, free_ports
from local_stack.process import Service, stop_all, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

SERVICES = ("postgres", "node", "postgrest", "cog", "replicate", "sidecar")

_PORTS = (*SERVICES, "postgrest_admin")


class Stack:
    """Starts and stops the services; a context manager.

    `services` names what to start (PostgreSQL always is). With `database_url`, or DATABASE_URL in
    the environment when it is None, that server is used instead of an own one. `migrate=False`
    leaves out the product's migrations and seed. `ports` fixes ports by service name; the
    gateway's is called node.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        services: Iterable[str] = SERVICES,
        database_url: str | None = None,
        old_privileges: bool = False,
        migrate: bool = True,
        ports: Mapping[str, int] | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.data_dir = (data_dir or DEFAULT_DATA_DIR).absolute()
        self.services = frozenset(services) | {"postgres"}
        if unknown := self.services - set(SERVICES):
            message = f"unknown services: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        self._migrate = migrate
        self._progress = progress
        self._wanted_ports = dict(ports or {})
        self._database_url = database_url or os.environ.get("DATABASE_URL") or None
        self._old_privileges = old_privileges
        self._lock: TextIO | None = None
        self._running: list[Service] = []
        self._database: Database | None = None
        self._keys: keys.Keys | None = None
        self._ports: dict[str, int] = {}

    @property
    def api_url(self) -> str:
        """The gateway's address: what a client calls SUPABASE_URL."""
        return f"http://{HOST}:{self._ports['node']}"

    @property
    def replicate_url(self) -> str:
        """The address of the Replicate stand-in."""
        return f"http://{HOST}:{self._ports['replicate']}"

    @property
    def sidecar_url(self) -> str:
        """The sidecar's address."""
        return f"http://{HOST}:{self._ports['sidecar']}"

    @property
    def jwks_url(self) -> str:
        """Where the public keys of users' tokens are."""
        return f"{self.api_url}/auth/v1/.well-known/jwks.json"

    @property
    def db_url(self) -> str:
        """The database's address for the role postgres."""
        return self.database.url

    @property
    def admin_url(self) -> str:
        """The database's address for the superuser."""
        return self.database.admin_url

    @property
    def keys(self) -> keys.Keys:
        """The keys and tokens of this stack."""
        if self._keys is None:
            message = "the stack is not up"
            raise StackError(message)
        return self._keys

    @property
    def database(self) -> Database:
        """The database that is used."""
        if self._database is None:
            message = "the stack is not up"
            raise StackError(message)
        return self._database

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
            found["REPLICATE_URL"] = self.replicate_url
        return found

    def service(self, name: str) -> Service:
        """Return a running service."""
        return next(service for service in self._running if service.name == name)

    def up(self) -> Self:
        """Start everything; after an error nothing is left running."""
        self._lock = state.hold(self.data_dir)
        try:
            self._prepare()
            self._save(ready=False)
            self._start()
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
        install.ensure_node_modules(self._progress)
        free = free_ports(len(_PORTS))
        self._ports = dict(zip(_PORTS, free, strict=True)) | self._wanted_ports
        self._keys = keys.load_or_create(self.data_dir / "keys")
        (self.data_dir / "storage").mkdir(exist_ok=True)
        if self._database_url:
            self._database = GivenDatabase(self._database_url, old_privileges=self._old_privileges)
        else:
            self._database = OwnDatabase(
                self.data_dir / "postgres",
                self._log("postgres"),
                self._ports["postgres"],
                old_privileges=self._old_privileges,
            )

    def _start(self) -> None:
        # What needs no database starts first, and gets ready while the database does.
        waiting = [self._launch(one) for one in self._provider_services()]
        self._progress("starting PostgreSQL")
        self._running += self.database.up(self._progress)
        if "node" in self.services:
            waiting.append(self._launch(self._node()))
        if self._migrate:
            self._apply_migrations()
        # After the migrations, so that it reads the final schema at once.
        if "postgrest" in self.services:
            waiting.append(self._launch(self._postgrest()))
        self._progress("waiting for the services")
        if "sidecar" in self.services:
            waiting.append(self._launch(self._sidecar()))
        wait_until_ready(waiting)

    def _apply_migrations(self) -> None:
        self._progress("applying the migrations")
        supabase_cli.migrate(self.db_url)
        supabase_cli.seed(self.db_url, config.load())
        if not open_sidecar_role(self.database) and "sidecar" in self.services:
            message = f"no migration has made the role {sidecar.ROLE}; start without the sidecar"
            raise StackError(message)

    def _launch(self, service: Service) -> Service:
        service.start()
        self._running.append(service)
        self._save(ready=False)
        return service

    def _provider_services(self) -> list[Service]:
        found = []
        if "cog" in self.services:
            found.append(provider.cog_service(self._log("cog"), self._ports["cog"]))
        if "replicate" in self.services:
            cog_url = f"http://{HOST}:{self._ports['cog']}"
            port = self._ports["replicate"]
            tokens = self.keys.tokens
            found.append(provider.replicate_service(tokens, cog_url, self._log("replicate"), port))
        return found

    def _node(self) -> Service:
        plan = NodePlan(
            database_url=self.db_url,
            password=self.database.password,
            storage_dir=self.data_dir / "storage",
            postgrest_url=f"http://{HOST}:{self._ports['postgrest']}",
            api_url=self.api_url,
            keys=self.keys,
            config=config.load(),
        )
        return node_service(plan, self._log("node"), self._ports["node"])

    def _postgrest(self) -> Service:
        return postgrest.postgrest_service(
            self.db_url,
            self.database.password,
            self.keys.jwks_file,
            config.load(),
            self._log("postgrest"),
            (self._ports["postgrest"], self._ports["postgrest_admin"]),
        )

    def _sidecar(self) -> Service:
        port = self._ports["sidecar"]
        env = sidecar.sidecar_environment(
            self.db_url, self.api_url, self.replicate_url, self.keys, port
        )
        return sidecar.sidecar_service(env, self._log("sidecar"), port)

    def _log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"

    def _save(self, *, ready: bool) -> None:
        own = state.ProcessState.of("supervisor", os.getpid())
        services = [
            state.ProcessState.of(one.name, one.pid, one.port, str(one.log))
            for one in self._running
            if one.pid is not None
        ]
        env = self.env if ready else {}
        state.StackState(own, services, env, ready).save(self.data_dir)
