"""Tokens that nobody signed who may: whoever sends one has the public key and the owner's id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS

from tests.support.security.http_world import HttpWorld, claims_of, signed

_DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
ENCODINGS = {"PEM": serialization.Encoding.PEM, "DER": serialization.Encoding.DER}
jws = PyJWS()


def encoded(part: bytes | str | dict[str, Any]) -> str:
    """Write a part of a token."""
    text = json.dumps(part) if isinstance(part, dict) else part
    raw = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Forge:
    """Makes tokens with keys of its own, and knows what is public."""

    http_world: HttpWorld
    claims: dict[str, Any] = field(init=False)
    good: str = field(init=False)
    of_other: str = field(init=False)
    kid: str = field(init=False)
    jwk: dict[str, Any] = field(init=False)
    jwks: str = field(init=False)

    def __post_init__(self) -> None:
        """Ask for the public keys, as anybody may."""
        stack, world = self.http_world.stack, self.http_world.world
        self.claims = claims_of(stack, world.owner.id)
        self.http_world.open_session(self.claims)
        self.good = signed(stack, self.claims)
        self.of_other = signed(stack, claims_of(stack, world.other.id))
        self.jwks = httpx.get(stack.jwks_url).text
        (self.jwk,) = json.loads(self.jwks)["keys"]
        self.kid = self.jwk["kid"]
        self.own = ec.generate_private_key(ec.SECP256R1())
        self.own_rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def header(self) -> dict[str, Any]:
        """Write the header of a good token."""
        return {"alg": "ES256", "kid": self.kid, "typ": "JWT"}

    @property
    def own_jwk(self) -> dict[str, Any]:
        """Write the own public key as if it were the one of the stack."""
        made: dict[str, Any] = ECAlgorithm.to_jwk(self.own.public_key(), as_dict=True)
        return made | {"kid": self.kid, "alg": "ES256", "use": "sig"}

    def public(self, form: str) -> bytes:
        """Write the stack's public key as PEM or DER."""
        key = jwt.PyJWK.from_dict(self.jwk).key
        written: bytes = key.public_bytes(
            ENCODINGS[form], serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return written

    def unsigned(self, alg: Any, signature: str = "", **header: Any) -> str:
        """Write a token without a signature."""
        return f"{encoded({'alg': alg, 'typ': 'JWT', **header})}.{encoded(self.claims)}.{signature}"

    def shared(self, secret: bytes | str, alg: str = "HS256", **claims: Any) -> str:
        """Sign with a secret that is none."""
        said = f"{encoded(self.header | {'alg': alg})}.{encoded(self.claims | claims)}"
        key = secret.encode() if isinstance(secret, str) else secret
        return f"{said}.{encoded(hmac.new(key, said.encode(), _DIGESTS[alg]).digest())}"

    def mine(self, claims: dict[str, Any] | str | None = None, **header: Any) -> str:
        """Sign with an own key; a header of None is left out."""
        given = self.claims if claims is None else claims
        text = given if isinstance(given, str) else json.dumps(given)
        wanted = self.header | header
        told = {name: value for name, value in wanted.items() if value is not None}
        said = f"{encoded(told)}.{encoded(text)}"
        return f"{said}.{encoded(ECAlgorithm(ECAlgorithm.SHA256).sign(said.encode(), self.own))}"

    def other_algorithm(self, alg: str) -> str:
        """Sign with an own key of another kind, under the name of the stack's."""
        key: Any = {
            "RS256": self.own_rsa,
            "PS256": self.own_rsa,
            "EdDSA": ed25519.Ed25519PrivateKey.generate(),
            "ES384": ec.generate_private_key(ec.SECP384R1()),
        }[alg]
        return jws.encode(json.dumps(self.claims).encode(), key, alg, headers={"kid": self.kid})

    def with_signature(self, change: Callable[[str], str]) -> str:
        """Change the signature of a good token."""
        said, _, signature = self.good.rpartition(".")
        return f"{said}.{change(signature)}"

    def with_claims(self, **claims: Any) -> str:
        """Keep the signature of the other one's token, and change what it says."""
        head, _, signature = self.of_other.split(".")
        theirs = claims_of(self.http_world.stack, self.http_world.world.other.id)
        return f"{head}.{encoded(theirs | claims)}.{signature}"
