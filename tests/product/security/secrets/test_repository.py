"""No file of the project holds what looks like a real secret."""

from __future__ import annotations

import math
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from local_stack.paths import PROJECT
from thumbsmith.project.keys import PUBLISHABLE_KEY, SECRET_KEY

# What is long and random enough to open something. Text that merely has the form is not random.
# Each with the words without which there is none: most files hold none of them.
SHAPES = {
    "Stripe key": ("k_live_ k_test_", r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    "webhook secret": ("whsec_", r"\bwhsec_[A-Za-z0-9+/]{24,}={0,2}"),
    "Replicate token": ("r8_", r"\br8_[A-Za-z0-9]{30,}"),
    "Supabase key": ("sb_", r"\bsb_(?:secret|publishable)_[A-Za-z0-9_-]{20,}"),
    "Supabase access token": ("sbp_", r"\bsbp_[a-f0-9]{40}"),
    "JWT": ("eyJ", r"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{20,}"),
    "private key": ("PRIVATE", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*[A-Za-z0-9+/=\s]{40,}"),
    "private JWK": ('"d"', r'"d"\s*:\s*"[A-Za-z0-9_-]{40,}"'),
    "AWS key": ("AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
    "GitHub token": ("gh git", r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{40,}"),
    "Slack token": ("xox", r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "Google key": ("AIza", r"\bAIza[A-Za-z0-9_-]{35}"),
    "OpenAI or Anthropic key": ("sk-", r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    "npm token": ("npm_", r"\bnpm_[A-Za-z0-9]{36}"),
    "password in an address": (
        "postgres",
        r"\bpostgres(?:ql)?://[\w.-]+:[A-Za-z0-9!$&*+_-]{12,}@",
    ),
}
KNOWN = {
    PUBLISHABLE_KEY: "every local Supabase project has it; the Supabase CLI prints it",
    SECRET_KEY: "the same: it opens nothing but a local stack",
}
# Bits in a character: a word repeated has two, hex has four, base64 six. Short text has less.
RANDOM = 3.3


def bits(text: str) -> float:
    """Return how many bits of surprise a character has, judged by the text alone."""
    counted = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counted.values())


def secrets_of(text: str) -> dict[str, str]:
    """Return what looks like a secret, and which kind it is."""
    found = {}
    for kind, (words, shape) in SHAPES.items():
        if not any(word in text for word in words.split()):
            continue
        for hit in re.finditer(shape, text):
            body = re.sub(r"^(?:[a-z]+_)+(?:live_|test_)?", "", hit[0])
            if bits(body) >= RANDOM:
                found[hit[0]] = kind
    return found


def files() -> list[Path]:
    """Return every file that is in the repository, or would get into it with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [PROJECT / name for name in names if name and (PROJECT / name).is_file()]


def test_no_file_holds_a_secret_but_for_the_keys_that_everybody_knows() -> None:
    found = {}
    for file in files():
        for secret, kind in secrets_of(file.read_text(errors="replace")).items():
            found[secret] = f"{file.relative_to(PROJECT)}: {kind}"
    # Positive control: what is known is there.
    assert found.keys() >= KNOWN.keys()
    unknown = {where for secret, where in found.items() if secret not in KNOWN}
    assert unknown == set()


# Put together here, so that this file holds none.
BODY = "Zq7Xt2Rw9Lx4Vb6Nm1Pd8Hs3Kf5Gy0Cu2Jw7Ta4E"
PLANTED = {
    "Stripe key": "sk_live_" + BODY[:24],
    "webhook secret": "whsec_" + BODY[:32],
    "Replicate token": "r8_" + BODY[:37],
    "Supabase key": "sb_secret_" + BODY[:31],
    "Supabase access token": "sbp_" + "0a1b2c3d4e5f6789" * 2 + "deadbeef",
    "JWT": f"eyJ{BODY[:20]}.eyJ{BODY}.{BODY}",
    "private key": "-----BEGIN EC PRIVATE KEY-----\n" + BODY * 2,
    "private JWK": '{"kty": "EC", "d": "' + BODY + 'abc"}',
    "AWS key": "AKIA" + "IOSF7QDN3EXWMKLP",
    "GitHub token": "ghp_" + BODY[:36],
    "Slack token": "xoxb-" + BODY,
    "Google key": "AIza" + BODY[:35],
    "OpenAI or Anthropic key": "sk-ant-" + BODY,
    "npm token": "npm_" + BODY[:36],
    "password in an address": "postgresql://postgres.ref:" + BODY[:16] + "@db.example.com/postgres",
}


@pytest.mark.parametrize("kind", SHAPES)
def test_a_secret_of_every_kind_would_be_found(kind: str) -> None:
    assert list(secrets_of(f"key = {PLANTED[kind]}\n").values()) == [kind]
    assert secrets_of("key = sk_test_hushhushhushhush, whsec_" + "f" * 32) == {}
