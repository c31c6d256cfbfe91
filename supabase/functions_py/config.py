"""Settings from the environment, checked at start. No message or repr shows a value."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from functions_py.errors import ConfigError

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_WHSEC = re.compile(r"whsec_[A-Za-z0-9+/]{32,}={0,2}")
_SUPABASE_KEY = re.compile(r"sb_secret_[\w-]{20,}|eyJ[\w-]{10,}\.[\w-]{20,}\.[\w-]{20,}")


class Settings(BaseSettings):
    """What the sidecar has to know; each field is the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    sidecar_database_url: SecretStr
    supabase_url: str
    supabase_secret_key: SecretStr
    replicate_api_token: SecretStr
    replicate_webhook_secret: SecretStr
    replicate_webhook_secret_previous: SecretStr | None = None
    replicate_base_url: str = "https://api.replicate.com"
    sidecar_public_url: str
    sidecar_host: str = "127.0.0.1"
    sidecar_port: int = Field(default=8787, ge=1, le=65535)
    output_hosts: Annotated[tuple[str, ...], NoDecode] = ("replicate.delivery",)
    allow_loopback: bool = False
    worker_concurrency: int = Field(default=4, ge=1, le=64)
    worker_lease_seconds: int = Field(default=90, ge=5, le=600)
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("replicate_webhook_secret_previous", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("output_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip().lower() for part in value.split(",") if part.strip())

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("sidecar_database_url")
    @classmethod
    def _is_postgres_url(cls, value: SecretStr) -> SecretStr:
        if not re.match(r"postgres(ql)?://[^\s]{3,}", value.get_secret_value()):
            raise ValueError("must be a postgresql:// URL")
        return value

    @field_validator("replicate_api_token")
    @classmethod
    def _is_replicate_token(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"r8_[A-Za-z0-9_-]{17,}", value.get_secret_value()):
            raise ValueError("must start with r8_ and have at least 20 characters")
        return value

    @field_validator("replicate_webhook_secret", "replicate_webhook_secret_previous")
    @classmethod
    def _is_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _WHSEC.fullmatch(value.get_secret_value()):
            raise ValueError("must be whsec_ and the base64 of at least 24 bytes")
        return value

    @field_validator("supabase_secret_key")
    @classmethod
    def _is_secret_key(cls, value: SecretStr) -> SecretStr:
        if not _SUPABASE_KEY.fullmatch(value.get_secret_value()):
            raise ValueError("must be an sb_secret_ key or a service_role JWT")
        return value

    @model_validator(mode="after")
    def _addresses_fit_together(self) -> Settings:
        for name in ("supabase_url", "replicate_base_url", "sidecar_public_url"):
            if problem := _url_problem(getattr(self, name), loopback=self.allow_loopback):
                raise ValueError(f"{name.upper()} {problem}")
        if self.allow_loopback and "output_hosts" not in self.model_fields_set:
            object.__setattr__(self, "output_hosts", LOOPBACK_NAMES)
        for host in self.output_hosts:
            if self.allow_loopback != (host in LOOPBACK_NAMES) or not (
                self.allow_loopback or _HOST_NAME.fullmatch(host)
            ):
                kind = "only loopback names" if self.allow_loopback else "public host names"
                raise ValueError(f"OUTPUT_HOSTS must be {kind}")
        if not self.output_hosts:
            raise ValueError("OUTPUT_HOSTS must not be empty")
        return self

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The current secret, and the previous one while it is being rotated out."""
        both = (self.replicate_webhook_secret, self.replicate_webhook_secret_previous)
        return tuple(secret.get_secret_value() for secret in both if secret is not None)


def is_loopback(host: str) -> bool:
    """Whether a host of a URL means this machine."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url_problem(url: str, *, loopback: bool) -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "must be a URL"
    if not host or parts.username or parts.password or parts.query or parts.fragment:
        return "must be a URL without credentials, query or fragment"
    if loopback:
        # One mode or the other: a local stack must not send real secrets anywhere.
        fits = parts.scheme in {"http", "https"} and is_loopback(host)
        return None if fits else "must be a loopback URL while ALLOW_LOOPBACK is set"
    return None if parts.scheme == "https" and not is_loopback(host) else "must be an https URL"


def load_settings() -> Settings:
    """Read the environment. Raises ConfigError with one line for each bad setting."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, item['loc'])).upper() or 'settings'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        ]
    # Raised outside the handler, so that no chained error can print what was given.
    raise ConfigError("\n".join(lines))
