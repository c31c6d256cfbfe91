"""The whole sidecar as a process: real database, real stand-in, a Storage in memory."""

from __future__ import annotations

import io
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local_stack.key_files import load_or_create
from local_stack.sidecar import sidecar_environment, sidecar_service
from tests.support import canaries
from tests.support.database import credits_of, put_face, request, sign_up
from tests.support.sidecar.connections import cut_connections, database_url
from tests.support.sidecar.helpers import serving
from tests.support.stand_ins.replicate.stand_in import StandIn
from tests.support.waiting import eventually
from thumbsmith.project.addresses import with_role
from thumbsmith.project.ports import HOST, free_ports
from thumbsmith.project.process import base_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request

    from tests.support.database import Database

KEY = canaries.secret("sb_secret_", 31)


class MemoryStorage:
    """Signs, serves and takes objects."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def sign(self, request: Request) -> Response:
        assert request.headers["apikey"] == KEY
        return JSONResponse({"signedURL": f"/object/sign/{request.path_params['path']}?token=hush"})

    async def read(self, request: Request) -> Response:
        return Response(self.objects[request.path_params["path"]], media_type="image/png")

    async def write(self, request: Request) -> Response:
        self.objects[request.path_params["path"]] = await request.body()
        return JSONResponse({"Key": request.path_params["path"]})

    def app(self) -> Starlette:
        base = "/storage/v1/object"
        return Starlette(
            routes=[
                Route(base + "/sign/{path:path}", self.sign, methods=["POST"]),
                Route(base + "/sign/{path:path}", self.read, methods=["GET"]),
                Route(base + "/{path:path}", self.write, methods=["POST"]),
            ]
        )


class Running:
    """A sidecar process and what it talks to."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], storage: MemoryStorage) -> None:
        self.url = url
        self.process = process
        self.storage = storage

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def sidecar(db: Database, stand_in: StandIn, log: Path, **changes: str) -> Iterator[Running]:
    storage = MemoryStorage()
    (port,) = free_ports(1)
    with serving(storage.app()) as storage_url, log.open("wb") as output:
        env = base_environment() | {
            "SIDECAR_DATABASE_URL": database_url(db),
            "SUPABASE_URL": storage_url,
            "SUPABASE_SECRET_KEY": KEY,
            "REPLICATE_API_TOKEN": stand_in.token,
            "REPLICATE_WEBHOOK_SECRET": stand_in.secret,
            "REPLICATE_BASE_URL": stand_in.url,
            "SIDECAR_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "SIDECAR_PORT": str(port),
            "ALLOW_LOOPBACK": "true",
        }
        command = ["python", "-m", "functions_py"]
        process = subprocess.Popen(command, env=env | changes, stdout=output, stderr=output)
        running = Running(f"http://127.0.0.1:{port}", process, storage)
        try:
            eventually(running.is_ready)
            yield running
        finally:
            process.kill()
            process.wait()


def generation(db: Database, generation_id: object) -> dict[str, Any]:
    statement = "select * from public.generations where id = %s"
    return db.rows(statement, generation_id)[0]


def finished(db: Database, generation_id: object, seconds: float = 30) -> dict[str, Any]:
    def over() -> bool:
        return generation(db, generation_id)["finished_at"] is not None

    eventually(over, seconds)
    return generation(db, generation_id)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "sidecar.log"


def test_a_request_with_a_face_becomes_a_stored_thumbnail(
    db: Database, stand_in: StandIn, log: Path
) -> None:
    user = sign_up(db)
    path = put_face(db, user)
    image_id = db.call(user, "select * from public.add_user_image(%s)", path)["id"]
    with sidecar(db, stand_in, log) as running:
        face = io.BytesIO()
        Image.new("RGB", (300, 400), (250, 10, 10)).save(face, "PNG")
        running.storage.objects[f"faces/{path}"] = face.getvalue()
        asked = request(db, user, user_image_id=image_id, prompt="hello")
        ended = finished(db, asked["id"])
        assert ended["status"] == "succeeded", ended["error"]
        with Image.open(
            io.BytesIO(running.storage.objects[f"thumbnails/{ended['output_path']}"])
        ) as image:
            assert (image.format, image.size) == ("PNG", (1280, 720))
            assert image.getpixel((1280 - 338, 250)) == (250, 10, 10)
    assert credits_of(db, user) == 50 - ended["credit_cost"]
    # Neither a key nor a signed URL in any line, and only ids of the person's things.
    text = log.read_text()
    assert str(asked["id"]) in text
    for secret in ("hush", KEY, stand_in.token, stand_in.secret, "hello", "token="):
        assert secret not in text
    webhooks = db.value(
        "select coalesce(string_agg(body::text, ''), '') from private.provider_webhooks"
    )
    assert "succeeded" in webhooks
    assert "hush" not in webhooks


def test_a_lost_answer_is_adopted_by_its_webhook_and_nothing_runs_twice(
    db: Database, stand_in: StandIn, log: Path
) -> None:
    user = sign_up(db)
    with sidecar(db, stand_in, log):
        before = stand_in.faults(error_after_create_next=1)["predictions"]
        asked = request(db, user, prompt="[slow:1] hello")
        assert finished(db, asked["id"])["status"] == "succeeded"
        assert stand_in.faults()["predictions"] == before + 1


def test_a_refused_prompt_gives_the_credits_back(
    db: Database, stand_in: StandIn, log: Path
) -> None:
    user = sign_up(db)
    with sidecar(db, stand_in, log):
        asked = request(db, user, prompt="hello [fail]")
        ended = finished(db, asked["id"])
        assert (ended["status"], ended["error"]) == ("failed", "content_rejected")
    assert credits_of(db, user) == 50


def test_a_lost_database_connection_is_survived(db: Database, stand_in: StandIn, log: Path) -> None:
    user = sign_up(db)
    with sidecar(db, stand_in, log) as running:
        asked = [request(db, user, prompt=f"[slow:1] {i}")["id"] for i in range(2)]
        for _ in range(3):
            cut_connections(db)
            time.sleep(0.3)
        for generation_id in asked:
            assert finished(db, generation_id)["status"] == "succeeded"
        assert running.process.poll() is None


def test_sigterm_ends_it_in_time_and_another_sidecar_goes_on(
    db: Database, stand_in: StandIn, log: Path
) -> None:
    user = sign_up(db)
    with sidecar(db, stand_in, log) as running:
        asked = request(db, user, prompt="[slow:2] hello")
        eventually(lambda: generation(db, asked["id"])["status"] == "processing")
        started = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(12)
        assert time.monotonic() - started < 10
        assert '"worker_stopped"' in log.read_text()
    with sidecar(db, stand_in, log):
        assert finished(db, asked["id"])["status"] == "succeeded"


def test_a_killed_sidecar_loses_nothing(db: Database, stand_in: StandIn, log: Path) -> None:
    user = sign_up(db)
    # A submission that was under way waits out its grace time, unless its webhook comes again.
    db.rows("update private.settings set submit_unknown_grace = '2 seconds' where id")
    with sidecar(db, stand_in, log, WORKER_LEASE_SECONDS="5") as running:
        asked = [request(db, user, prompt=f"[slow:1] {i}")["id"] for i in range(3)]
        eventually(lambda: any(generation(db, one)["status"] != "queued" for one in asked))
        running.process.kill()
    with sidecar(db, stand_in, log, WORKER_LEASE_SECONDS="5"):
        for generation_id in asked:
            ended = finished(db, generation_id, 90)
            assert ended["status"] == "succeeded"


@pytest.mark.parametrize("problem", ["nobody listens", "wrong password", "no such host"])
def test_a_database_that_does_not_let_it_in_is_logged_without_the_password(
    db: Database, tmp_path: Path, problem: str
) -> None:
    password = f"{canaries.MARK}-wrong"
    unused, port = free_ports(2)
    given = {
        "nobody listens": f"postgresql://postgres@{HOST}:{unused}/postgres",
        "wrong password": db.url,
        "no such host": "postgresql://postgres@nobody.invalid:5432/postgres",
    }[problem]
    keys = load_or_create(tmp_path / "keys")
    nowhere = f"http://{HOST}:{unused}"
    env = sidecar_environment("postgresql://h/d", nowhere, nowhere, keys, port)
    env["SIDECAR_DATABASE_URL"] = with_role(given, "thumbsmith_sidecar", password)
    log = tmp_path / "sidecar.log"
    service = sidecar_service(env | {"LOG_LEVEL": "DEBUG"}, log, port)
    service.start()
    try:
        eventually(lambda: '"database_unavailable"' in log.read_text())
    finally:
        service.stop()
    said = log.read_text()
    # Positive control: what is wrong is said.
    assert {
        "nobody listens": str(unused),
        "wrong password": "unavailable",
        "no such host": "nobody.invalid",
    }[problem] in said
    assert canaries.MARK not in said
