"""Values that the sidecar does not start with: every secret and address, and what is said of it."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys

import pytest

from functions_py.config import Settings, load_settings
from functions_py.errors import ConfigError
from tests.support.canaries import runs
from tests.support.database import Database
from tests.support.sidecar.connections import database_url
from tests.support.sidecar.environment import GOOD, LOCAL, STRIPE, give
from thumbsmith.project.keys import PUBLISHABLE_KEY

pytestmark = pytest.mark.usefixtures("clean_environment")

BODY = "Kq7Zt2Rw9Lx4Vb6Nm1Pd8Hs3"
ALL = GOOD | STRIPE | {"STRIPE_SECRET_KEY": f"sk_live_{BODY}"}
ALL["REPLICATE_WEBHOOK_SECRET_PREVIOUS"] = f"whsec_{BODY}Jf5Gy0Cu"
ALL["STRIPE_WEBHOOK_SECRET"] = f"whsec_{BODY}Mn7Op8Qr"
ALL["STRIPE_WEBHOOK_SECRET_PREVIOUS"] = f"whsec_{BODY}Aa1Bb2Cc"


def jwt(role: str) -> str:
    """Make a legacy key of Supabase; nobody checks its signature here."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iss": "supabase", "role": role, "ref": BODY})
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(part.rstrip("=") for part in coded), BODY * 2])


# Wrong wherever a secret is wanted.
NEVER = [
    *(" ", "\t", "short", "changeme", "hunter2hunter2hunter2hunter2", "null", BODY),
    *(PUBLISHABLE_KEY, f"pk_live_{BODY}", f"pk_test_{BODY}", jwt("anon"), jwt("authenticated")),
    *(f"https://{BODY.lower()}.example.com", f"Bearer sk_live_{BODY}", "sk_test_…", "whsec_..."),
]
# Besides, what each of them looks like: a good one is bent in every way.
SHAPES = {
    "SUPABASE_SECRET_KEY": ("sb_secret_", f"{BODY}_1234567"),
    "REPLICATE_API_TOKEN": ("r8_", f"{BODY}0123456789abc"),
    "REPLICATE_WEBHOOK_SECRET": ("whsec_", f"{BODY}89abcdef"),
    "REPLICATE_WEBHOOK_SECRET_PREVIOUS": ("whsec_", f"{BODY}89abcdef"),
    "STRIPE_SECRET_KEY": ("sk_live_", BODY),
    "STRIPE_WEBHOOK_SECRET": ("whsec_", f"{BODY}89abcdef"),
    "STRIPE_WEBHOOK_SECRET_PREVIOUS": ("whsec_", f"{BODY}89abcdef"),
}
OTHERS = {
    "sb_secret_": f"sb_secret_{BODY}_1234567",
    "r8_": f"r8_{BODY}0123456789abc",
    "whsec_": f"whsec_{BODY}89abcdef",
    "sk_live_": f"sk_live_{BODY}",
}


def bent(prefix: str, body: str) -> list[str]:
    """Return a good secret with one thing wrong, and those that belong elsewhere."""
    good = prefix + body
    return [
        *(prefix, prefix + body[:9], body, good.swapcase(), f"X{good}", prefix.rstrip("_") + body),
        *(f"{good}\n", f" {good}", f"{good[:12]} {good[12:]}", f'"{good}"', f"'{good}'"),
        *(f"{good[:-1]}ü", f"{good[:-1]}\x7f", good * 12, f"{good},{good}", f"{good};"),
        *(prefix + "x" * 40, f"{prefix}your_key_goes_here_0123456", f"{prefix}changeme{body}"),
        *(other for start, other in OTHERS.items() if start != prefix),
    ]


BAD_SECRETS = [
    (name, value)
    for name, (prefix, body) in SHAPES.items()
    for value in [*NEVER, *bent(prefix, body)]
]
HOST = "db.example.com:5432/postgres"
BAD_DATABASES = [
    *("", " ", BODY, f"mysql://u:{BODY}@{HOST}", f"https://u:{BODY}@{HOST}", "postgresql://"),
    # Signs that were not escaped: libpq would take a part of the password for something else.
    *(f"postgresql://u:{BODY}@{BODY}@{HOST}", f"postgresql://u:{BODY}/{BODY}@{HOST}"),
    *(f"postgresql://u:{BODY}%zz@{HOST}", f"postgresql://u:{BODY}"),
    *(f"postgresql://u:{BODY} 1@{HOST}", f"postgresql://u:{BODY}@{HOST}\n"),
    *(f" postgresql://u:{BODY}@{HOST}", f'"postgresql://u:{BODY}@{HOST}"'),
    *(f"postgresql://u:{BODY}ü@{HOST}", f"postgresql://u:@{HOST}", f"postgresql://u:shorty@{HOST}"),
    *(f"postgresql://u:[YOUR-PASSWORD]@{HOST}", f"postgresql://u:changeme@{HOST}"),
    *(f"postgresql://u:{'x' * 20}@{HOST}", f"host=db user=u password={BODY}", *OTHERS.values()),
]
ADDRESSES = ("SUPABASE_URL", "REPLICATE_BASE_URL", "SIDECAR_PUBLIC_URL", "STRIPE_API_BASE")
BAD_ADDRESSES = [
    *("", " ", BODY, "https://", "//kq7zt2.example.com", f"https://{BODY.lower()}.example.com/\n"),
    *(
        "http://kq7zt2rw.example.com",
        "ftp://kq7zt2rw.example.com",
        "https://kq7zt2rw",
        "file:///etc",
    ),
    *(f"https://{BODY}@kq7zt2rw.example.com", f"https://u:{BODY}@kq7zt2rw.example.com"),
    *(f"https://kq7zt2rw.example.com/?key={BODY}", f"https://kq7zt2rw.example.com/#{BODY}"),
    *("https://127.0.0.1", "https://localhost:8000", "https://[::1]", "https://0.0.0.0"),
    *('"https://kq7zt2rw.example.com"', "https://kq7zt2rw.example.com ", "https://kq7 zt2rw.com"),
    *(
        "https://kq7zt2rw.example.com:99999",
        "https://kq7zt2rw.example.com:port",
        "https://ex\tam.com",
    ),
    *("https://kq7zt2rw-ü.example.com", "https://[kq7zt2rw", *OTHERS.values()),
]


def refusal(monkeypatch: pytest.MonkeyPatch, **given: str) -> str:
    """Start with these settings after those that are good, and return what is said."""
    for name in given:
        monkeypatch.delenv(name, raising=False)
    give(monkeypatch, **ALL)
    assert load_settings().secrets
    give(monkeypatch, **ALL | given)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    return str(caught.value)


def test_there_are_bad_values_of_every_secret_and_address() -> None:
    secrets = {
        name.upper() for name, field in Settings.model_fields.items() if "Secret" in str(field)
    }
    assert set(SHAPES) | {"SIDECAR_DATABASE_URL"} == secrets
    urls = {name.upper() for name in Settings.model_fields if name.endswith(("_url", "_base"))}
    assert set(ADDRESSES) | {"SIDECAR_DATABASE_URL"} == urls
    assert min(len(BAD_DATABASES), len(BAD_ADDRESSES), len(BAD_SECRETS) // len(SHAPES)) >= 12


@pytest.mark.parametrize("name", SHAPES)
def test_no_bad_secret_starts_and_none_is_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for value in [bad for one, bad in BAD_SECRETS if one == name]:
        try:
            said = refusal(monkeypatch, **{name: value})
        except pytest.fail.Exception:
            pytest.fail(f"{name} was taken: {value!r}")
        assert said.startswith(f"{name}: "), (value, said)
        assert len(said) > len(name) + 12
        assert not runs(value) & runs(said), (value, said)


def test_no_bad_address_of_the_database_starts_and_none_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for value in BAD_DATABASES:
        said = refusal(monkeypatch, SIDECAR_DATABASE_URL=value)
        assert said.startswith("SIDECAR_DATABASE_URL: "), (value, said)
        assert not runs(value) & runs(said), (value, said)


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_bad_address_starts_and_none_is_shown(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for value in BAD_ADDRESSES:
        said = refusal(monkeypatch, **{name: value})
        assert f"{name} " in said, (value, said)
        assert not runs(value) & runs(said), (value, said)


def test_the_same_value_twice_is_refused_and_both_places_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = [name for name, (prefix, _) in SHAPES.items() if prefix == "whsec_"]
    for first in shared:
        for second in shared:
            if first == second:
                continue
            said = refusal(monkeypatch, **{first: ALL[second]})
            assert {one for one in shared if f"{one} " in f"{said} "} == {first, second}
            assert not runs(ALL[second]) & runs(said)


def test_a_key_of_live_mode_is_refused_where_everything_is_local(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = LOCAL | {"STRIPE_API_BASE": "http://127.0.0.1:12111"}
    for kind in ("sk", "rk"):
        said = refusal(monkeypatch, **base | {"STRIPE_SECRET_KEY": f"{kind}_live_{BODY}"})
        assert "STRIPE_SECRET_KEY must be a test key" in said
        assert not runs(BODY) & runs(said)
        give(monkeypatch, **ALL | base | {"STRIPE_SECRET_KEY": f"{kind}_test_{BODY}"})
        assert not load_settings().stripe_livemode


GOOD_VALUES = [
    *(("STRIPE_SECRET_KEY", f"{kind}_live_{BODY}") for kind in ("sk", "rk")),
    *(("STRIPE_SECRET_KEY", f"{kind}_test_51{BODY * 4}") for kind in ("sk", "rk")),
    ("STRIPE_WEBHOOK_SECRET", "whsec_" + "0123456789abcdef" * 4),
    ("STRIPE_WEBHOOK_SECRET_PREVIOUS", ""),
    ("REPLICATE_WEBHOOK_SECRET", "whsec_" + base64.b64encode(bytes(range(200, 232))).decode()),
    ("REPLICATE_WEBHOOK_SECRET", "whsec_" + base64.b64encode(bytes(range(220, 244))).decode()),
    ("SUPABASE_SECRET_KEY", "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz"),
    ("SUPABASE_SECRET_KEY", jwt("service_role")),
    ("REPLICATE_API_TOKEN", f"r8_{BODY}0123456789abc"),
    ("SIDECAR_DATABASE_URL", f"postgres://thumbsmith_sidecar:{BODY}@{HOST}?sslmode=require"),
    ("SIDECAR_DATABASE_URL", f"postgresql://thumbsmith_sidecar.ref:p%40ss%2Fword!@{HOST}"),
    ("SIDECAR_DATABASE_URL", f"postgresql://u:{BODY}@a.example.com:5432,b.example.com:5433/db"),
    ("SIDECAR_DATABASE_URL", f"postgresql://u:{BODY}@[2001:db8::1]:5432/postgres"),
    ("SIDECAR_DATABASE_URL", "postgresql://thumbsmith_sidecar@%2Fvar%2Frun%2Fpostgresql/postgres"),
    ("SUPABASE_URL", "https://kq7zt2rw.supabase.co/"),
    ("SIDECAR_PUBLIC_URL", "https://hooks.example.com:8443/thumbsmith"),
    ("STRIPE_API_BASE", "https://api.stripe.com"),
]


@pytest.mark.parametrize(("name", "value"), GOOD_VALUES, ids=[name for name, _ in GOOD_VALUES])
def test_good_values_of_every_shape_are_taken(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    give(monkeypatch, **ALL | {name: value})
    settings = load_settings()
    assert settings.secrets.get(name.lower(), value) == value
    shown = f"{settings!r} {settings}"
    assert BODY not in shown
    assert "://" in value or not runs(value) & runs(shown)


def start(given: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program that is to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={"PATH": os.environ["PATH"]} | given,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIDECAR_DATABASE_URL", f"postgresql://u:{BODY}@{BODY}@{HOST}"),
        ("SUPABASE_SECRET_KEY", jwt("anon")),
        ("REPLICATE_API_TOKEN", f"sk_live_{BODY}"),
        ("STRIPE_SECRET_KEY", f"pk_live_{BODY}"),
        ("SUPABASE_URL", f"https://u:{BODY}@kq7zt2rw.example.com"),
    ],
)
def test_the_command_ends_with_a_sentence_and_shows_no_value(name: str, value: str) -> None:
    ended = start(ALL | {name: value}, "thumbsmith.cli", "sidecar")
    assert (ended.returncode, ended.stdout) == (2, "")
    said = ended.stderr
    assert said.startswith("The sidecar cannot start:\n")
    assert f"{name}" in said
    assert "Traceback" not in said
    assert not runs(value) & runs(said)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_key_of_the_other_mode_than_the_database_s_does_not_start(
    db: Database, mode: str
) -> None:
    other = {"live": "test", "test": "live"}[mode]
    given = ALL | {"SIDECAR_DATABASE_URL": database_url(db)}
    db.rows("update private.settings set stripe_livemode = %s where id", mode == "live")
    ended = start(given | {"STRIPE_SECRET_KEY": f"sk_{other}_{BODY}"}, "functions_py")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"is of {other} mode, and this database of {mode} mode" in ended.stderr
    assert not runs(BODY) & runs(ended.stderr)
    # Positive control: with a key of its mode it comes as far as its port, which is taken.
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        given["SIDECAR_PORT"] = str(occupied.getsockname()[1])
        taken = start(given | {"STRIPE_SECRET_KEY": f"sk_{mode}_{BODY}"}, "functions_py")
    assert "mode" not in taken.stderr
    assert '"started"' in taken.stdout
    assert not runs(BODY) & runs(taken.stdout + taken.stderr)
