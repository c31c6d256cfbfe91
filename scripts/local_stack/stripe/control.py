"""The stand-in's own routes: /_person, /_clock, /_faults, /_deliveries, /_config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local_stack.stripe.billing import agenda
from local_stack.stripe.config import SHAPES
from local_stack.stripe.errors import StandInFaultError, StripeError, invalid
from local_stack.stripe.person import ACTIONS, act

if TYPE_CHECKING:
    from starlette.requests import Request

    from local_stack.stripe.courier import Courier
    from local_stack.stripe.world import World

_DUNNING_ENDS = ("canceled", "unpaid", "past_due")
_CONFIG = ("webhook_url", "webhook_secret", "webhook_secret_previous", "event_shape")


class Control:
    """What tests and the demo steer the stand-in with."""

    def __init__(self, world: World, courier: Courier) -> None:
        self._world = world
        self._courier = courier

    async def person(self, request: Request) -> Response:
        """POST /_person/{action}."""
        name = request.path_params["action"]
        if name not in ACTIONS:
            return _problem(404, f"no such action; there are {', '.join(ACTIONS)}")
        try:
            return JSONResponse(act(self._world, name, await _json(request)))
        except StripeError as error:
            return JSONResponse(error.body(), error.status)
        except StandInFaultError as error:
            return _problem(500, str(error))

    async def clock(self, request: Request) -> Response:
        """GET and POST /_clock: `{"advance_seconds": n}` or `{"advance_to": unix}`."""
        done = 0
        if request.method == "POST":
            try:
                wanted = await _json(request)
                now = self._world.clock.now()
                target = wanted.get("advance_to", now + wanted.get("advance_seconds", 0))
                if not isinstance(target, int) or set(wanted) - {"advance_to", "advance_seconds"}:
                    return _problem(400, "advance_to or advance_seconds must be an integer")
                done = agenda.advance(self._world, target)
            except StripeError as error:
                return JSONResponse(error.body(), error.status)
            except StandInFaultError as error:
                return _problem(500, str(error))
        return JSONResponse({"now": self._world.clock.now(), "happened": done})

    async def faults(self, request: Request) -> Response:
        """GET and POST /_faults."""
        if request.method == "POST":
            try:
                self._world.faults.change(await _json(request))
            except (ValueError, StripeError) as error:
                return _problem(422, str(error))
        return JSONResponse({"faults": self._world.faults.as_dict()})

    async def deliveries(self, request: Request) -> Response:
        """GET /_deliveries, with `?event=` for one and `?settle=1` to wait for what is under way.

        POST `{"event": id}` delivers an event once more.
        """
        if request.method == "POST":
            event_id = (await _json(request)).get("event", "")
            happening = self._world.events.happenings.get(event_id)
            if happening is None:
                return _problem(404, "no such event")
            return JSONResponse({"sent": self._courier.resend(happening)})
        left = 0
        if request.query_params.get("settle"):
            left = await self._courier.settle()
        attempts = self._courier.report(request.query_params.get("event"))
        return JSONResponse({"attempts": attempts, "under_way": left})

    async def config(self, request: Request) -> Response:
        """GET and POST /_config: where events go, and in which shape."""
        config = self._world.config
        if request.method == "POST":
            wanted = await _json(request)
            if problem := _config_problem(wanted):
                return _problem(422, problem)
            for name, value in wanted.items():
                setattr(config, name, value)
        names = ("webhook_url", "event_shape", "dunning_ends", "self_url")
        return JSONResponse({name: getattr(config, name) for name in names})

    def routes(self) -> list[Route]:
        """Return the routes."""
        both = ["GET", "POST"]
        return [
            Route("/_person/{action}", self.person, methods=["POST"]),
            Route("/_clock", self.clock, methods=both),
            Route("/_faults", self.faults, methods=both),
            Route("/_deliveries", self.deliveries, methods=both),
            Route("/_config", self.config, methods=both),
        ]


def _config_problem(wanted: dict[str, Any]) -> str | None:
    for name, value in wanted.items():
        if name == "event_shape" and value not in SHAPES:
            return "event_shape must be snapshot or thin"
        if name == "dunning_ends" and value not in _DUNNING_ENDS:
            return f"dunning_ends must be one of {', '.join(_DUNNING_ENDS)}"
        if name not in {*_CONFIG, "dunning_ends"}:
            return f"unknown setting: {name}"
        if not isinstance(value, str) and not (name == "webhook_url" and value is None):
            return f"wrong type for {name}"
    return None


async def _json(request: Request) -> dict[str, Any]:
    try:
        given = await request.json() if await request.body() else {}
    except ValueError as error:
        raise invalid("the body must be JSON") from error
    if not isinstance(given, dict):
        raise invalid("the body must be a JSON object")
    return given


def _problem(status: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message}}, status)
