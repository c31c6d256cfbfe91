"""Creating a prediction: checks, faults, and the wait that a caller may ask for."""

from __future__ import annotations

import asyncio
import re
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from stand_ins.replicate import models
from stand_ins.replicate.replies import invalid_input, not_found, problem, throttled
from stand_ins.replicate.validation import check_request

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from stand_ins.replicate.faults import Faults
    from stand_ins.replicate.lifecycle import Lifecycle
    from stand_ins.replicate.models import Model
    from stand_ins.replicate.state import Prediction, State

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")
_WAIT_SECONDS_MAX = 60.0


class TruncatedResponse(Response):
    """Begins an answer and never ends it, so that the server breaks the connection off."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the head of a body that does not follow."""
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})


def parse_duration(text: str) -> float | None:
    """Return seconds for texts like 30, 30s, 1m, 1m30s, 1.5h; None for anything else."""
    found = _DURATION.fullmatch(text.strip().lower())
    if not found or not any(found.groups()):
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


class Creation:
    """Handler of the two create routes."""

    def __init__(self, state: State, life: Lifecycle, faults: Faults) -> None:
        self._state = state
        self._life = life
        self._faults = faults

    async def by_model(self, request: Request) -> Response:
        """POST /v1/models/{owner}/{name}/predictions: for official models only."""
        model = models.find("{owner}/{name}".format(**request.path_params))
        if model is None or not model.is_official:
            return not_found()
        return await self._create(request, model, "hidden")

    async def by_version(self, request: Request) -> Response:
        """POST /v1/predictions: any model by its version, an official one by its name too."""
        body = await _json(request)
        reference = body.get("version") if isinstance(body, dict) else None
        if not isinstance(reference, str):
            return invalid_input([("version", "version is required")])
        model = models.find(reference)
        is_name = model is not None and reference == model.name
        if model is None or (is_name and not model.is_official):
            detail = "The specified version does not exist (or perhaps you lack permission?)"
            return problem(422, "Invalid version or not permitted", detail)
        return await self._create(request, model, "hidden" if is_name else model.version)

    async def _create(self, request: Request, model: Model, version: str) -> Response:
        if refusal := self._refusal():
            return refusal
        body = await _json(request)
        if errors := check_request(body, model.openapi()):
            return invalid_input(errors)
        deadline, cancel_after = None, request.headers.get("cancel-after")
        if cancel_after is not None and (deadline := parse_duration(cancel_after)) is None:
            return invalid_input([("Cancel-After", "must be a duration such as 30s or 5m")])
        prediction = self._state.add_prediction(model.name, version, body)
        self._life.begin(prediction, deadline)
        if spoiled := await self._spoil():
            return spoiled
        await _wait(prediction, request.headers.get("prefer", ""))
        return JSONResponse(prediction.body, 201)

    def _refusal(self) -> Response | None:
        """Return the answer of a fault that bites before anything is created."""
        faults = self._faults
        if faults.take("rate_limit_next"):
            return throttled(faults.retry_after_seconds)
        if faults.take("payment_required_next"):
            return problem(402, "Insufficient credit", "You have insufficient credit.")
        if faults.take("reject_next"):
            return invalid_input([("input.prompt", "refused (fault)")])
        if faults.take("error_before_create_next"):
            return problem(500, "Internal server error", "Something went wrong (fault)")
        return None

    async def _spoil(self) -> Response | None:
        """Return the answer of a fault that hides a prediction that was made."""
        faults = self._faults
        if faults.take("hang_after_create_next"):
            await asyncio.sleep(faults.hang_seconds)
        if faults.take("error_after_create_next"):
            return problem(500, "Internal server error", "Something went wrong (fault)")
        if faults.take("drop_after_create_next"):
            return TruncatedResponse()
        return None


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return None


async def _wait(prediction: Prediction, prefer: str) -> None:
    name, _, seconds = prefer.partition("=")
    if name.strip() != "wait":
        return
    limit = min(float(seconds) if seconds.isdigit() else _WAIT_SECONDS_MAX, _WAIT_SECONDS_MAX)
    try:
        await asyncio.wait_for(prediction.done.wait(), limit)
    except TimeoutError:
        return
