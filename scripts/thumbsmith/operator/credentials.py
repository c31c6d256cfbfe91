"""The keys of other services: from where they come, and where they may be sent."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from functions_py.shapes import url_form_problem
from thumbsmith.operator.database import database_url, running_stack
from thumbsmith.project.addresses import is_loopback


def find(key_name: str, base_name: str, default_base: str) -> tuple[str, str] | None:
    """Return key and address from one source: a key goes only where its owner meant it to.

    The environment, or else the running local stack, and that for its own database only: what a
    stand-in says is about no other.
    """
    if key_name in os.environ:
        return os.environ[key_name], os.environ.get(base_name) or default_base
    stack = running_stack()
    env = stack.env if stack is not None else {}
    is_its_database = env.get("DB_URL") == database_url()
    return (env[key_name], env[base_name]) if is_its_database and key_name in env else None


def base_problem(base: str) -> str | None:
    """Return why a key must not go to this address: only TLS or this machine will do."""
    if problem := url_form_problem(base):
        return problem
    scheme = urlsplit(base).scheme
    fits = scheme == "https" or (scheme == "http" and is_loopback(base))
    return None if fits else "must be an https URL"
