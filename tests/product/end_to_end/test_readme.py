"""The README's browser code, as it stands there, against a stack that the command line started."""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devtools.demo.face import draw_face
from local_stack import programs
from local_stack.paths import NODE_DIR, PROJECT
from tests.support.local_stack import stack_process
from tests.support.rest import Caller
from tests.support.waiting import eventually_is


def thumbsmith(*arguments: str) -> str:
    done = stack_process.thumbsmith(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def variables(lines: str) -> dict[str, str]:
    """Read lines of NAME="value", as `supabase status -o env` prints them."""
    return dict(re.findall(r'^([A-Z_]+)="([^"]*)"$', lines, re.MULTILINE))


@pytest.fixture(scope="module")
def detached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start a stack in the background and yield what it prints."""
    folder = f"--data-dir={tmp_path_factory.mktemp('detached') / 'stack'}"
    printed = variables(thumbsmith("stack", "up", "--detach", folder))
    try:
        assert variables(thumbsmith("stack", "env", folder)) == printed
        yield printed
    finally:
        thumbsmith("stack", "down", folder)


def test_the_example_of_the_readme_gets_its_picture(
    detached: dict[str, str], tmp_path: Path
) -> None:
    (code,) = re.findall(r"```js\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "face.png").write_bytes(draw_face())
    face = "const face = (await import('node:fs')).readFileSync('face.png');\n"
    (tmp_path / "example.mjs").write_text(face + code)
    (tmp_path / "node_modules").symlink_to(NODE_DIR / "node_modules")
    env = os.environ | {name: detached[name] for name in ("API_URL", "PUBLISHABLE_KEY")}
    argv = [programs.node(), str(tmp_path / "example.mjs")]
    done = subprocess.run(
        argv, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    status, available, url = done.stdout.split()
    assert (status, available) == ("succeeded", "40")
    assert url.startswith(f"{detached['API_URL']}/storage/v1/object/sign/thumbnails/")


def test_the_printed_names_are_those_of_the_supabase_cli(detached: dict[str, str]) -> None:
    names = {"API_URL", "DB_URL", "PUBLISHABLE_KEY", "SECRET_KEY", "JWKS_URL"}
    assert names | {"SIDECAR_URL", "REPLICATE_BASE_URL"} <= set(detached)
    assert detached["PUBLISHABLE_KEY"].startswith("sb_publishable_")
    assert detached["SECRET_KEY"].startswith("sb_secret_")


def test_everything_is_for_sale_as_soon_as_the_stack_is_up(detached: dict[str, str]) -> None:
    ana = Caller.sign_up(detached["API_URL"], detached["PUBLISHABLE_KEY"])
    with closing(ana.http):
        for kind, key in (("pack", "creator"), ("subscription", "yearly_25images")):
            wanted = {"item_kind": kind, "item_key": key, "idempotency_key": str(uuid.uuid4())}
            assert ana.rpc("start_checkout", **wanted).json()["status"] == "requested"
        seen = "/rest/v1/checkouts?select=status"
        open_one = {"status": "open"}
        eventually_is([open_one, open_one], lambda: ana.http.get(seen).json(), "the pages")
