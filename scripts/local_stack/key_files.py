"""Keys and tokens of the local stack: made once per data folder, in files only the owner reads."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from thumbsmith.project.keys import SECRET_KEY, Keys, Tokens, canary, write_private

if TYPE_CHECKING:
    from pathlib import Path

_TEN_YEARS = 10 * 365 * 24 * 3600


def load_or_create(folder: Path) -> Keys:
    """Read the keys of a data folder; make them first where they are missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    signing, jwks, tokens = (
        folder / name for name in ("signing_key.json", "jwks.json", "tokens.json")
    )
    if not tokens.exists():
        key = _new_signing_key()
        public = {name: value for name, value in key.items() if name not in {"d", "key_ops"}}
        write_private(signing, key)
        write_private(jwks, {"keys": [public | {"key_ops": ["verify"]}]})
        write_private(tokens, asdict(_new_tokens(key)))
    kept = json.loads(tokens.read_text())
    made = _random_tokens() | kept
    if made != kept:
        # The folder is older than some of the tokens.
        write_private(tokens, made)
    secret_key = f"sb_secret_{canary()}" if canary() else SECRET_KEY
    return Keys(signing, jwks, Tokens(**made), secret_key=secret_key)


def _new_signing_key() -> dict[str, Any]:
    # Any number below the order of the curve will do, and text is one.
    marked = int.from_bytes(_random(32).encode()) if canary() else None
    curve = ec.SECP256R1()
    private = ec.derive_private_key(marked, curve) if marked else ec.generate_private_key(curve)
    jwk: dict[str, Any] = ECAlgorithm.to_jwk(private, as_dict=True)
    return jwk | {"kid": secrets.token_hex(16), "alg": "ES256", "use": "sig", "key_ops": ["sign"]}


def _new_tokens(signing_key: dict[str, Any]) -> Tokens:
    return Tokens(
        anon_key=role_token(signing_key, "anon"),
        service_role_key=role_token(signing_key, "service_role"),
        **_random_tokens(),
    )


def _random_tokens() -> dict[str, str]:
    return {
        "jwt_secret": _random(64),
        "replicate_api_token": "r8_" + _random(37),
        # 24 bytes in base64, and such letters are base64 as they stand.
        "replicate_webhook_secret": "whsec_" + _random(32),
        "stripe_secret_key": "sk_test_" + _random(48),
        "stripe_webhook_secret": "whsec_" + _random(32),
        "stripe_webhook_secret_previous": "whsec_" + _random(32),
    }


def role_token(signing_key: dict[str, Any], role: str) -> str:
    """Sign a long-lived token for one of the API roles, as the older API keys are."""
    now = int(time.time())
    claims = {"iss": "supabase", "role": role, "iat": now, "exp": now + _TEN_YEARS}
    if canary() and role == "service_role":
        claims["jti"] = _random(32)
    key = jwt.PyJWK.from_dict(signing_key)
    return jwt.encode(claims, key.key, algorithm="ES256", headers={"kid": signing_key["kid"]})


def _random(length: int) -> str:
    """Return so many small letters and digits."""
    return (canary() + secrets.token_hex(length))[:length]
