"""Where a Supabase project without the product answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Platform:
    """A Supabase project without product: database, Auth, Storage, REST and the gateway."""

    api_url: str
    db_url: str
    admin_url: str
    publishable_key: str
    secret_key: str
    jwks_url: str
    anon_key: str
    service_role_key: str
