"""The Node.js process: Auth, Storage and the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from local_stack import programs
from local_stack.paths import NODE_DIR
from thumbsmith.project import addresses, commands
from thumbsmith.project.ports import HOST
from thumbsmith.project.probes import http_ok
from thumbsmith.project.process import Service, base_environment

if TYPE_CHECKING:
    from thumbsmith.project.config import ProjectConfig
    from thumbsmith.project.keys import Keys


def service_schema(which: Literal["auth", "storage"]) -> str:
    """Return the SQL of the tables of Auth or Storage, to be run as their admin role."""
    argv = [programs.node(), str(NODE_DIR / "schema.mjs"), which]
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
    site_url: str | None = None


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
    # A site of one's own stands for those of config.toml; without any there are pages of ours.
    env["SITE_URL"] = plan.site_url or f"{plan.api_url}/local/account"
    redirects = [plan.site_url] if plan.site_url else [config.site_url, *config.redirect_urls]
    env["REDIRECT_URLS"] = ",".join(url for url in redirects if url)
    if config.before_user_created_hook:
        env["BEFORE_USER_CREATED_HOOK"] = config.before_user_created_hook
    if config.custom_access_token_hook:
        env["CUSTOM_ACCESS_TOKEN_HOOK"] = config.custom_access_token_hook
    return Service(
        name="node",
        argv=[programs.node(), str(NODE_DIR / "main.mjs")],
        env=env,
        cwd=NODE_DIR,
        log=log,
        ready=http_ok(f"http://{HOST}:{port}/healthz"),
        port=port,
    )
