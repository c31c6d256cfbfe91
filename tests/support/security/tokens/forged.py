"""The list of forged tokens: each is the owner's by what it says, and by nothing else."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.support.security.tokens.forgeries import Forge, encoded

Make = Callable[[Forge], str]
# The order of the curve: a signature of (order, order) is as empty as one of (0, 0).
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
LOCAL = "super-secret-jwt-token-with-at-least-32-characters-long"
SELF_HOSTED = "your-super-secret-jwt-token-with-at-least-32-characters-long"
TWO_ALGS = '{"alg": "ES256", "alg": "none"}'
SPELLINGS = ("none", "None", "NONE", "nOnE", "none ", "", "null", "plain")
ROLES: dict[str, Any] = {
    "service_role": "service_role",
    "postgres": "postgres",
    "supabase_admin": "supabase_admin",
    "supabase_storage_admin": "supabase_storage_admin",
    "thumbsmith_sidecar": "thumbsmith_sidecar",
    "a list of roles": ["service_role", "authenticated"],
    "no role": None,
    "quotes": 'authenticated"; set role "postgres',
}


def _signed_by(r: int, s: int) -> Make:
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return lambda f: f.with_signature(lambda _: encoded(raw))


def _unsigned(alg: str) -> Make:
    return lambda f: f.unsigned(alg)


def _with_role(role: Any) -> Make:
    return lambda f: f.mine(f.claims | {"role": role})


UNSIGNED: dict[str, Make] = {
    **{f"alg {spelling!r}": _unsigned(spelling) for spelling in SPELLINGS},
    "alg null": lambda f: f.unsigned(None),
    "alg a list": lambda f: f.unsigned(["none"]),
    "alg a number": lambda f: f.unsigned(0),
    "alg none with our kid": lambda f: f.unsigned("none", kid=f.kid),
    "alg none with a signature": lambda f: f.unsigned("none", f.good.rpartition(".")[2]),
    "alg none in two parts": lambda f: f.unsigned("none").rstrip("."),
    "ES256 without a signature": lambda f: f.unsigned("ES256", kid=f.kid),
    "no header": lambda f: f".{encoded(f.claims)}.",
    "no alg": lambda f: f"{encoded({'typ': 'JWT'})}.{encoded(f.claims)}.",
    "two algs": lambda f: f"{encoded(TWO_ALGS)}.{encoded(f.claims)}.",
}
CONFUSED: dict[str, Make] = {
    "HS256 with the public key as PEM": lambda f: f.shared(f.public("PEM")),
    "HS256 with the PEM and no last line": lambda f: f.shared(f.public("PEM").rstrip()),
    "HS256 with the public key as DER": lambda f: f.shared(f.public("DER")),
    "HS256 with the JWK": lambda f: f.shared(json.dumps(f.jwk)),
    "HS256 with the JWKS": lambda f: f.shared(f.jwks),
    "HS256 with x": lambda f: f.shared(f.jwk["x"]),
    "HS256 with the bytes of x": lambda f: f.shared(base64.urlsafe_b64decode(f.jwk["x"] + "==")),
    "HS256 with the kid": lambda f: f.shared(f.kid),
    "HS384 with the public key as PEM": lambda f: f.shared(f.public("PEM"), "HS384"),
    "HS512 with the public key as PEM": lambda f: f.shared(f.public("PEM"), "HS512"),
    "HS256 with the secret of every local stack": lambda f: f.shared(LOCAL),
    "HS256 with the secret of every self-hosted one": lambda f: f.shared(SELF_HOSTED),
    "HS256 with the publishable key": lambda f: f.shared(f.http_world.stack.keys.publishable_key),
    "HS256 with the secret key": lambda f: f.shared(f.http_world.stack.keys.secret_key),
    "HS256 with the anon key": lambda f: f.shared(f.http_world.stack.keys.tokens.anon_key),
    "HS256 with nothing": lambda f: f.shared(""),
    "HS256 with a NUL": lambda f: f.shared(b"\0"),
    "HS256 with the word secret": lambda f: f.shared("secret"),
    "HS256 with the role of a service": lambda f: f.shared(LOCAL, role="service_role"),
}
OWN_KEY: dict[str, Make] = {
    "an own key under our kid": lambda f: f.mine(),
    "an own key and no kid": lambda f: f.mine(kid=None),
    "an own key and an unknown kid": lambda f: f.mine(kid=str(uuid.uuid4())),
    "a kid that is a path": lambda f: f.mine(kid="../../../../dev/null"),
    "a kid that is SQL": lambda f: f.mine(kid="' or 1=1 --"),
    "a kid that is a list": lambda f: f.mine(kid=[f.kid]),
    "an own key in jwk": lambda f: f.mine(jwk=f.own_jwk),
    "an own key in jwk alone": lambda f: f.mine(jwk=f.own_jwk, kid=None),
    "an own address in jku": lambda f: f.mine(jku="http://127.0.0.1:9/jwks.json"),
    "an own set in jku": lambda f: f.mine(jku=f"data:,{json.dumps({'keys': [f.own_jwk]})}"),
    "an own address in x5u": lambda f: f.mine(x5u="http://127.0.0.1:9/chain.pem"),
    "an own chain in x5c": lambda f: f.mine(x5c=[encoded(f.public("DER"))]),
    "an own thumbprint in x5t": lambda f: f.mine(x5t=encoded(b"\0" * 20)),
    "a critical header": lambda f: f.mine(crit=["exp"], exp=0),
    "a body that is not encoded": lambda f: f.mine(b64=False, crit=["b64"]),
    "RS256": lambda f: f.other_algorithm("RS256"),
    "PS256": lambda f: f.other_algorithm("PS256"),
    "EdDSA": lambda f: f.other_algorithm("EdDSA"),
    "ES384": lambda f: f.other_algorithm("ES384"),
    "claims that say two roles": lambda f: f.mine(
        json.dumps(f.claims)[:-1] + ', "role": "service_role"}'
    ),
    "claims that are no object": lambda f: f.mine("[]"),
    "claims that are no JSON": lambda f: f.mine("sub=1"),
    **{f"an own key and {name} for a role": _with_role(role) for name, role in ROLES.items()},
}
TAMPERED: dict[str, Make] = {
    "the sub of the owner under the signature of another": lambda f: f.with_claims(
        sub=f.claims["sub"]
    ),
    "the role of a service under the signature of another": lambda f: f.with_claims(
        role="service_role", sub=f.claims["sub"]
    ),
    "a signature of another token": lambda f: f.with_signature(
        lambda _: f.of_other.rpartition(".")[2]
    ),
    "a signature cut off": lambda f: f.with_signature(lambda _: ""),
    "half of a signature": lambda f: f.with_signature(lambda s: s[: len(s) // 2]),
    "a signature backwards": lambda f: f.with_signature(lambda s: s[::-1]),
    "a signature with one letter changed": lambda f: f.with_signature(
        lambda s: ("A" if s[0] != "A" else "B") + s[1:]
    ),
    "a signature twice": lambda f: f.with_signature(lambda s: s + s),
    "a signature of zeros": _signed_by(0, 0),
    "a signature of the order": _signed_by(ORDER, ORDER),
    "a signature of ones": _signed_by(1, 1),
    "an empty signature as DER": lambda f: f.with_signature(
        lambda _: encoded(encode_dss_signature(0, 0))
    ),
    "four parts": lambda f: f"{f.good.rpartition('.')[0]}..",
    "five parts": lambda f: f"{f.mine()}.{encoded(b'iv')}.{encoded(b'tag')}",
    "two tokens": lambda f: f"{f.mine()} {f.of_other}",
    "two tokens with a comma": lambda f: f"{f.mine()}, Bearer {f.of_other}",
    "a token in quotes": lambda f: f'"{f.mine()}"',
    "a huge token": lambda f: f.mine(f.claims | {"more": "x" * 8_000}),
    "the name of a token": lambda _: "undefined",
    "the id of the owner": lambda f: f.claims["sub"],
    "a publishable key": lambda f: f.http_world.stack.keys.publishable_key,
    "a secret key": lambda f: f.http_world.stack.keys.secret_key,
    "an unknown secret key": lambda _: "sb_secret_unknown",
}
FORGED = UNSIGNED | CONFUSED | OWN_KEY | TAMPERED
