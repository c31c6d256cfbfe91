"""Settings from the environment, checked at start. No message or repr shows a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from functions_py import database_address
from functions_py.errors import ConfigError
from functions_py.shapes import (
    HOST_NAME,
    LOOPBACK_NAMES,
    SECRETS,
    database_setting_problem,
    is_address,
    is_loopback,
    secret_problem,
    url_problem,
)

__all__ = ["LOOPBACK_NAMES", "Settings", "is_loopback", "load_settings"]

_PROVIDER_HOSTS = ("replicate.delivery",)
_STRIPE_SECRETS = ("stripe_secret_key", "stripe_webhook_secret", "stripe_webhook_secret_previous")
_STRIPE_API = "https://api.stripe.com"


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
    stripe_secret_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None
    stripe_webhook_secret_previous: SecretStr | None = None
    stripe_api_base: str = _STRIPE_API
    sidecar_public_url: str
    sidecar_host: str = "127.0.0.1"
    sidecar_port: int = Field(default=8787, ge=1, le=65535)
    output_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    allow_loopback: bool = False
    allow_privileged_role: bool = False
    worker_concurrency: int = Field(default=4, ge=1, le=64)
    worker_lease_seconds: int = Field(default=90, ge=5, le=600)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("replicate_webhook_secret_previous", *_STRIPE_SECRETS, mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return value or None

    @field_validator("output_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: str | tuple[str, ...]) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip().lower() for part in parts if part.strip())

    @field_validator(*SECRETS)
    @classmethod
    def _has_shape(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            _refuse(secret_problem(info.field_name or "", value.get_secret_value()))
        return value

    @field_validator("sidecar_database_url")
    @classmethod
    def _is_database(cls, value: SecretStr) -> SecretStr:
        _refuse(database_setting_problem(value.get_secret_value()))
        return value

    @field_validator("sidecar_host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        fits = value == "localhost" or is_address(value) or HOST_NAME.fullmatch(value)
        _refuse(None if fits else "must be an address or a name of this machine")
        return value

    @model_validator(mode="after")
    def _addresses_fit_together(self) -> Settings:
        names = ["supabase_url", "replicate_base_url", "sidecar_public_url"]
        # The one address outside that a local stack may use: Stripe's test mode is made for it.
        if not self.allow_loopback or self.stripe_api_base != _STRIPE_API:
            names.append("stripe_api_base")
        for name in names:
            if problem := url_problem(getattr(self, name), loopback=self.allow_loopback):
                raise ValueError(f"{name.upper()} {problem}")
        for host in self.output_hosts:
            if self.allow_loopback and host not in LOOPBACK_NAMES:
                raise ValueError("OUTPUT_HOSTS must be loopback names while ALLOW_LOOPBACK is set")
            if not self.allow_loopback and not HOST_NAME.fullmatch(host):
                raise ValueError("OUTPUT_HOSTS must be host names, separated by commas")
        return self

    @model_validator(mode="after")
    def _rights_are_local(self) -> Settings:
        if self.allow_privileged_role and not self.allow_loopback:
            raise ValueError("ALLOW_PRIVILEGED_ROLE is for a local stack: it needs ALLOW_LOOPBACK")
        hosts = database_address.hosts(self.sidecar_database_url.get_secret_value())
        is_local = all(is_loopback(host) or host.startswith("/") for host in hosts)
        if self.allow_privileged_role and not is_local:
            raise ValueError("ALLOW_PRIVILEGED_ROLE needs a database on this machine")
        return self

    @model_validator(mode="after")
    def _stripe_is_whole(self) -> Settings:
        secrets = (self.stripe_webhook_secret, self.stripe_webhook_secret_previous)
        if self.stripe_secret_key is None and any(secrets):
            raise ValueError("STRIPE_SECRET_KEY must be given with a STRIPE_WEBHOOK_SECRET")
        if self.stripe_secret_key is not None and self.stripe_webhook_secret is None:
            raise ValueError("STRIPE_WEBHOOK_SECRET must be given with STRIPE_SECRET_KEY")
        if self.allow_loopback and self.stripe_livemode:
            raise ValueError("STRIPE_SECRET_KEY must be a test key while ALLOW_LOOPBACK is set")
        return self

    @model_validator(mode="after")
    def _each_secret_is_its_own(self) -> Settings:
        # Two that are equal were pasted into the wrong place, or a rotation was forgotten.
        seen: dict[str, str] = {}
        for name, value in self.secrets.items():
            if value in seen:
                raise ValueError(f"{name.upper()} is the same as {seen[value].upper()}")
            seen[value] = name
        return self

    @property
    def secrets(self) -> Mapping[str, str]:
        """Every secret that was given, by the name of its field."""
        held = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value.get_secret_value()
            for name, value in held.items()
            if isinstance(value, SecretStr)
        }

    @property
    def stripe_livemode(self) -> bool:
        """Whether the key is one of live mode; events and objects of the other are refused."""
        key = self.stripe_secret_key
        return key is not None and key.get_secret_value()[2:8] == "_live_"

    @property
    def download_hosts(self) -> tuple[str, ...]:
        """Return where outputs may be fetched from; subdomains of these too."""
        return self.output_hosts or (LOOPBACK_NAMES if self.allow_loopback else _PROVIDER_HOSTS)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Return the current secret, and the previous one while it is being rotated out."""
        return _given(self.replicate_webhook_secret, self.replicate_webhook_secret_previous)

    @property
    def stripe_webhook_secrets(self) -> tuple[str, ...]:
        """Return the same of Stripe; none when Stripe is not set up."""
        return _given(self.stripe_webhook_secret, self.stripe_webhook_secret_previous)


def _given(*secrets: SecretStr | None) -> tuple[str, ...]:
    return tuple(secret.get_secret_value() for secret in secrets if secret is not None)


def _refuse(problem: str | None) -> None:
    if problem is not None:
        raise ValueError(problem)


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
