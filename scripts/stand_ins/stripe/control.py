"""The stand-in's own routes: /_actions, /_clock, /_faults, /_deliveries, /_config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stand_ins.stripe.actions import ACTIONS, act
from stand_ins.stripe.billing import periods, scheduled
from stand_ins.stripe.config import SHAPES
from stand_ins.stripe.errors import StandInFaultError, StripeError, invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from stand_ins.stripe.webhook_sender import WebhookSender
    from stand_ins.stripe.world import World

    Handler = Callable[[Request], Awaitable[Any]]

_DUNNING_ENDS = ("canceled", "unpaid", "past_due")
_CONFIG = ("webhook_url", "webhook_secret", "webhook_secret_previous", "event_shape")
_CLOCK = ("advance_to", "advance_seconds", "advance_days", "advance_months")


class Control:
    """What tests and the demo steer the stand-in with."""

    def __init__(self, world: World, sender: WebhookSender) -> None:
        self._world = world
        self._sender = sender

    async def action(self, request: Request) -> Any:
        """POST /_actions/{action}."""
        name = request.path_params["action"]
        if name not in ACTIONS:
            return _problem(404, f"no such action; there are {', '.join(ACTIONS)}")
        return act(self._world, name, await _json(request))

    async def clock(self, request: Request) -> Any:
        """GET and POST /_clock: one of advance_to, advance_seconds, _days and _months."""
        done = 0
        if request.method == "POST":
            target = _moment(await _json(request), self._world.clock.now())
            done = scheduled.advance(self._world, target)
        return {"now": self._world.clock.now(), "happened": done}

    async def faults(self, request: Request) -> Any:
        """GET and POST /_faults."""
        if request.method == "POST":
            self._world.faults.change(await _json(request))
        return {"faults": self._world.faults.as_dict()}

    async def deliveries(self, request: Request) -> Any:
        """GET /_deliveries, with `?event=` for one and `?settle=1` to wait for what is under way.

        POST `{"event": id}` delivers an event once more.
        """
        if request.method == "POST":
            event_id = (await _json(request)).get("event", "")
            record = self._world.events.records.get(event_id)
            if record is None:
                return _problem(404, "no such event")
            return {"sent": self._sender.resend(record)}
        left = 0
        if request.query_params.get("settle"):
            left = await self._sender.settle()
        attempts = self._sender.report(request.query_params.get("event"))
        return {"attempts": attempts, "under_way": left}

    async def config(self, request: Request) -> Any:
        """GET and POST /_config: where events go, and in which shape."""
        config = self._world.config
        if request.method == "POST":
            wanted = await _json(request)
            _check_config(wanted)
            for name, value in wanted.items():
                setattr(config, name, value)
        names = ("webhook_url", "event_shape", "dunning_ends", "self_url")
        return {name: getattr(config, name) for name in names}

    def routes(self) -> list[Route]:
        """Return the routes."""
        both = ["GET", "POST"]
        return [
            Route("/_actions/{action}", _as_json(self.action), methods=["POST"]),
            Route("/_clock", _as_json(self.clock), methods=both),
            Route("/_faults", _as_json(self.faults), methods=both),
            Route("/_deliveries", _as_json(self.deliveries), methods=both),
            Route("/_config", _as_json(self.config), methods=both),
        ]


def _as_json(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            made = await handler(request)
        except StripeError as error:
            return JSONResponse(error.body(), error.status)
        except ValueError as error:
            return _problem(422, str(error))
        except StandInFaultError as error:
            return _problem(500, str(error))
        return made if isinstance(made, Response) else JSONResponse(made)

    return answered


def _moment(wanted: dict[str, Any], now: int) -> int:
    match list(wanted.items()):
        case [(str(name), int(count))] if name in _CLOCK and not isinstance(count, bool):
            if name == "advance_months":
                recurring = {"interval": "month", "interval_count": count}
                return periods.add_period(now, recurring, now)
            unit = periods.DAY if name == "advance_days" else 1
            return count if name == "advance_to" else now + count * unit
    message = f"the body must be one of {', '.join(_CLOCK)}, and an integer"
    raise ValueError(message)


def _check_config(wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if name == "event_shape" and value not in SHAPES:
            raise ValueError("event_shape must be snapshot or thin")
        if name == "dunning_ends" and value not in _DUNNING_ENDS:
            raise ValueError(f"dunning_ends must be one of {', '.join(_DUNNING_ENDS)}")
        if name not in {*_CONFIG, "dunning_ends"}:
            raise ValueError(f"unknown setting: {name}")
        if not isinstance(value, str) and not (name == "webhook_url" and value is None):
            raise ValueError(f"wrong type for {name}")


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
