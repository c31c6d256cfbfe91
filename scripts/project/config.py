"""The settings of `supabase/config.toml` that the local stack obeys."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thumbsmith.project import paths
from thumbsmith.project.errors import StackError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class ProjectConfig:
    """What PostgREST, Auth and the seed step need to know."""

    schemas: tuple[str, ...]
    extra_search_path: tuple[str, ...]
    max_rows: int
    email_confirmations: bool
    anonymous_sign_ins: bool
    before_user_created_hook: str | None
    custom_access_token_hook: str | None
    seed_files: tuple[Path, ...]
    site_url: str = ""
    redirect_urls: tuple[str, ...] = ()


def load(folder: Path | None = None) -> ProjectConfig:
    """Read the config.toml of this folder, or of the checkout."""
    if folder is None:
        if paths.PROJECT is None:
            message = "config.toml is in the repository, and this is not part of one"
            raise StackError(message)
        folder = paths.PROJECT / "supabase"
    content = tomllib.loads((folder / "config.toml").read_text())
    api, auth = content.get("api", {}), content.get("auth", {})
    seed = content.get("db", {}).get("seed", {})
    patterns = seed.get("sql_paths", []) if seed.get("enabled", True) else []
    return ProjectConfig(
        schemas=tuple(api.get("schemas", ["public"])),
        extra_search_path=tuple(api.get("extra_search_path", [])),
        max_rows=int(api.get("max_rows", 1000)),
        email_confirmations=bool(auth.get("email", {}).get("enable_confirmations", False)),
        anonymous_sign_ins=bool(auth.get("enable_anonymous_sign_ins", False)),
        before_user_created_hook=_hook(auth, "before_user_created"),
        custom_access_token_hook=_hook(auth, "custom_access_token"),
        site_url=str(auth.get("site_url", "")),
        redirect_urls=tuple(auth.get("additional_redirect_urls", [])),
        seed_files=tuple(file for pattern in patterns for file in sorted(folder.glob(pattern))),
    )


def _hook(auth: dict[str, Any], name: str) -> str | None:
    """Turn `pg-functions://postgres/schema/function` into `schema.function`."""
    hook = auth.get("hook", {}).get(name, {})
    if not hook.get("enabled", False):
        return None
    scheme, _, rest = str(hook.get("uri", "")).partition("://")
    parts = rest.split("/")
    if scheme != "pg-functions" or len(parts) != 3:
        message = f"auth.hook.{name}: only pg-functions://<database>/<schema>/<function> works here"
        raise StackError(message)
    return f"{parts[1]}.{parts[2]}"
