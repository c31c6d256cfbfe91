"""The small parts: supervised processes, keys, settings, addresses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import sys
from typing import TYPE_CHECKING

import jwt
import pytest

from local_stack import install, key_files
from local_stack.paths import NODE_DIR
from tests.support.waiting import eventually
from thumbsmith.project import addresses, config, ports, state
from thumbsmith.project.errors import AlreadyRunningError, ServiceFailedError, StackError
from thumbsmith.project.process import Service, base_environment, wait_until_ready

if TYPE_CHECKING:
    from pathlib import Path


def _service(
    tmp_path: Path, code: str, *, ready_within: float = 10, stop_within: float = 5
) -> Service:
    return Service(
        name="thing",
        argv=[sys.executable, "-c", code],
        env=base_environment(),
        log=tmp_path / "log",
        ready=(tmp_path / "ready").exists,
        port=0,
        cwd=tmp_path,
        ready_within=ready_within,
        stop_within=stop_within,
    )


READY = "import pathlib; pathlib.Path('ready').touch();"


def test_a_service_that_ends_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    service = _service(tmp_path, "print('no such file: settings'); raise SystemExit(7)")
    service.start()
    with pytest.raises(ServiceFailedError, match="ended with code 7") as failure:
        wait_until_ready([service])
    assert "no such file: settings" in str(failure.value)


def test_a_service_that_never_gets_ready_is_given_up_at_its_deadline(tmp_path: Path) -> None:
    service = _service(tmp_path, "import time; time.sleep(60)", ready_within=0.3)
    service.start()
    try:
        with pytest.raises(ServiceFailedError, match="not ready within"):
            wait_until_ready([service])
    finally:
        service.stop()
    in_time = _service(tmp_path, f"{READY} import time; time.sleep(60)")
    in_time.start()
    wait_until_ready([in_time])
    in_time.stop()


def test_stopping_ends_a_stubborn_process_and_its_children(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path('child').write_text(str(child.pid))\n"
        "pathlib.Path('ready').touch()\n"
        "time.sleep(60)\n"
    )
    service = _service(tmp_path, code, stop_within=0.3)
    service.start()
    wait_until_ready([service])
    both = [
        state.ProcessState.of("leader", service.pid or 0),
        state.ProcessState.of("child", int((tmp_path / "child").read_text())),
    ]
    assert all(one.alive for one in both)
    service.stop()
    eventually(lambda: not any(one.alive for one in both), 5)


def test_a_polite_process_may_end_by_itself(tmp_path: Path) -> None:
    code = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n    pathlib.Path('ended').touch(); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path('ready').touch()\n"
        # In short naps: a signal just before one long sleep begins would wait for its end.
        "for _ in range(3000): time.sleep(0.02)\n"
    )
    service = _service(tmp_path, code)
    service.start()
    wait_until_ready([service])
    service.stop()
    assert (tmp_path / "ended").exists()


def test_services_do_not_inherit_the_callers_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_real")
    monkeypatch.setenv("LANG", "C.UTF-8")
    env = base_environment()
    assert "REPLICATE_API_TOKEN" not in env
    assert env["LANG"] == "C.UTF-8"


def test_a_process_is_told_from_a_later_one_with_its_id() -> None:
    own = state.ProcessState.of("me", os.getpid())
    assert own.alive
    assert not state.ProcessState("me", os.getpid(), "another start").alive


def test_one_data_folder_holds_one_stack(tmp_path: Path) -> None:
    lock = state.hold(tmp_path)
    with pytest.raises(AlreadyRunningError):
        state.hold(tmp_path)
    lock.close()
    state.hold(tmp_path).close()


def test_free_ports_are_different_and_free() -> None:
    found = ports.free_ports(20)
    assert len(set(found)) == 20
    assert all(ports.is_free(port) for port in found)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not ports.is_free(taken.getsockname()[1])


def test_keys_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    made = key_files.load_or_create(tmp_path / "keys")
    assert key_files.load_or_create(tmp_path / "keys") == made
    assert key_files.load_or_create(tmp_path / "others").tokens != made.tokens
    for file in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("role", ["anon", "service_role"])
def test_role_tokens_verify_with_the_public_key_only(tmp_path: Path, role: str) -> None:
    made = key_files.load_or_create(tmp_path)
    public = json.loads(made.jwks_file.read_text())["keys"][0]
    token = made.tokens.anon_key if role == "anon" else made.tokens.service_role_key
    claims = jwt.decode(token, jwt.PyJWK.from_dict(public).key, algorithms=["ES256"])
    assert claims["role"] == role
    assert jwt.get_unverified_header(token)["kid"] == public["kid"]
    assert "d" not in public
    other = key_files.load_or_create(tmp_path / "other")
    stranger = json.loads(other.jwks_file.read_text())["keys"][0]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, jwt.PyJWK.from_dict(stranger).key, algorithms=["ES256"])


def test_provider_tokens_look_like_replicates(tmp_path: Path) -> None:
    tokens = key_files.load_or_create(tmp_path).tokens
    assert tokens.replicate_api_token.startswith("r8_")
    assert len(tokens.replicate_api_token) == 40
    assert tokens.replicate_webhook_secret.startswith("whsec_")


def test_the_projects_config_is_read() -> None:
    found = config.load()
    assert found.schemas == ("public",)
    assert found.max_rows == 1000
    assert [file.name for file in found.seed_files] == ["seed.sql"]


def test_auth_hooks_of_the_config_become_function_names(tmp_path: Path) -> None:
    def write(uri: str, enabled: str) -> None:
        (tmp_path / "config.toml").write_text(
            f'[auth.hook.custom_access_token]\nenabled = {enabled}\nuri = "{uri}"\n'
        )

    write("pg-functions://postgres/private/add_claims", "true")
    assert config.load(tmp_path).custom_access_token_hook == "private.add_claims"
    write("pg-functions://postgres/private/add_claims", "false")
    assert config.load(tmp_path).custom_access_token_hook is None
    write("https://example.com/hook", "true")
    with pytest.raises(StackError, match="custom_access_token"):
        config.load(tmp_path)


def test_node_modules_are_current_until_the_lock_file_says_otherwise(tmp_path: Path) -> None:
    assert install.node_modules_are_current()
    (tmp_path / "node_modules").mkdir()
    installed = tmp_path / "node_modules" / ".package-lock.json"
    shutil.copy(NODE_DIR / "node_modules" / ".package-lock.json", installed)
    lock = json.loads((NODE_DIR / "package-lock.json").read_text())
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    assert install.node_modules_are_current(tmp_path)
    lock["packages"]["node_modules/jose"]["version"] = "0.0.1"
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    assert not install.node_modules_are_current(tmp_path)
    installed.unlink()
    assert not install.node_modules_are_current(tmp_path)


def test_addresses_change_role_and_database_and_nothing_else() -> None:
    url = "postgresql://postgres:p%40ss@db.example.com:6543/app?sslmode=require"
    assert addresses.with_role(url, "anon", "a b/c") == (
        "postgresql://anon:a%20b%2Fc@db.example.com:6543/app?sslmode=require"
    )
    assert addresses.with_database(url, "other").endswith(":6543/other?sslmode=require")
    assert addresses.without_tls_on_loopback(url) == url
    local = "postgresql://postgres@127.0.0.1:5432/postgres"
    assert addresses.without_tls_on_loopback(local) == f"{local}?sslmode=disable"


def test_ctrl_c_is_not_swallowed_by_a_waiting_stack(tmp_path: Path) -> None:
    service = _service(tmp_path, "import time; time.sleep(60)", ready_within=20)
    service.start()

    def interrupt() -> bool:
        signal.raise_signal(signal.SIGINT)
        return False

    service.ready = interrupt
    # A shell starts what runs in the background deaf to Ctrl-C, these tests maybe included.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            wait_until_ready([service])
    finally:
        service.stop()
        signal.signal(signal.SIGINT, before)
