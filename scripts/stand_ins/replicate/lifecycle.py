"""Moves a prediction from starting to its end, whatever ends it."""

from __future__ import annotations

import asyncio
import base64
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from stand_ins.replicate.cog_client import CogClient, CogRefusedError
from stand_ins.replicate.models import MODELS
from stand_ins.replicate.painting import painter_input, pictures_wanted
from stand_ins.replicate.state import Prediction, State, now

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from stand_ins.replicate.faults import Faults
    from stand_ins.replicate.webhooks import WebhookSender

_CANCEL_TRIES = 40
_CANCEL_SECONDS = 0.25


class Lifecycle:
    """Starts runs at cog, takes its reports, enforces deadlines, sends webhooks."""

    def __init__(
        self,
        state: State,
        cog: CogClient,
        sender: WebhookSender,
        faults: Faults,
        output_seconds: float,
    ) -> None:
        self._state = state
        self._cog = cog
        self._sender = sender
        self._faults = faults
        self._output_seconds = output_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, prediction: Prediction, deadline_seconds: float | None) -> None:
        """Run in the background."""
        if self._faults.take("lose_next"):
            pass
        elif self._faults.take("fail_next"):
            self._spawn(self._finish(prediction, "failed", error="The model crashed (fault)"))
        else:
            self._spawn(self._start(prediction))
        if deadline_seconds is not None:
            ends = datetime.now(UTC) + timedelta(seconds=deadline_seconds)
            prediction.body["deadline"] = ends.isoformat().replace("+00:00", "Z")
            self._spawn(self._enforce_deadline(prediction, deadline_seconds))

    async def cancel(self, prediction: Prediction) -> None:
        """Stop a run; one that has ended stays as it is."""
        if prediction.status == "starting":
            await self._finish(prediction, "canceled", wait_for_webhook=False)
            await self._cog.cancel(prediction.id)
        elif not prediction.is_over:
            self._spawn(self._stop(prediction))

    def report(self, prediction: Prediction, said: dict[str, Any]) -> None:
        """Take a webhook of cog's."""
        if prediction.is_over:
            return
        prediction.body["logs"] = said.get("logs") or prediction.body["logs"]
        status = str(said.get("status"))
        if status == "succeeded":
            self._measure(prediction, said)
            output = self._shaped(prediction, said.get("output"))
            self._spawn(self._finish(prediction, status, output=output))
        elif status in {"failed", "canceled"}:
            self._measure(prediction, said)
            self._spawn(self._finish(prediction, status, error=said.get("error")))
        elif prediction.status == "starting":
            prediction.body.update(status="processing", started_at=now())
            self._spawn(self._sender.send(prediction, "start"))

    async def close(self) -> None:
        """Give up everything that is still under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self, prediction: Prediction) -> None:
        try:
            painted = painter_input(MODELS[prediction.body["model"]], prediction.body["input"])
            await self._cog.start(prediction.id, painted, lambda: prediction.is_over)
        except CogRefusedError as error:
            await self._finish(prediction, "failed", error=str(error))

    async def _enforce_deadline(self, prediction: Prediction, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if prediction.status == "starting":
            await self._finish(prediction, "aborted", error="Deadline exceeded before start")
        elif not prediction.is_over:
            await self._stop(prediction)

    async def _stop(self, prediction: Prediction) -> None:
        """Ask until it has ended: cog forgets a cancel that comes before its worker has begun."""
        for _ in range(_CANCEL_TRIES):
            await self._cog.cancel(prediction.id)
            with suppress(TimeoutError):
                await asyncio.wait_for(prediction.done.wait(), _CANCEL_SECONDS)
                return

    async def _finish(
        self, prediction: Prediction, status: str, *, wait_for_webhook: bool = True, **end: object
    ) -> None:
        if prediction.is_over:
            return
        prediction.body.update(status=status, completed_at=now(), **end)
        prediction.removed_at = time.time() + self._output_seconds
        prediction.done.set()
        delivery = self._sender.send(prediction, "completed")
        if wait_for_webhook:
            await delivery
        else:
            self._spawn(delivery)

    @staticmethod
    def _measure(prediction: Prediction, said: dict[str, Any]) -> None:
        seconds = said.get("metrics", {}).get("predict_time", 0.0)
        prediction.body["metrics"] = {"predict_time": seconds, "total_time": seconds}

    def _shaped(self, prediction: Prediction, output: object) -> object:
        """Return the picture as the output of its model: one URL, or a list of them."""
        model = MODELS[prediction.body["model"]]
        if not model.gives_list:
            return self._host(output)
        wanted = pictures_wanted(model, prediction.body["input"])
        return [self._host(output) for _ in range(wanted)]

    def _host(self, output: object) -> object:
        """Turn a data URL of cog into an https-like URL that expires."""
        if not isinstance(output, str) or not output.startswith("data:"):
            return output
        head, _, encoded = output.partition(",")
        content_type = head[5:].split(";")[0]
        data = base64.b64decode(encoded)
        if self._faults.bad_output:
            data = b"<!doctype html><title>Not a picture</title>"
        seconds = self._faults.output_seconds
        lifetime = self._output_seconds if seconds is None else seconds
        file_id = self._state.add_file(content_type, data, lifetime)
        suffix = {"image/jpeg": "jpg"}.get(content_type, content_type.rpartition("/")[2])
        return f"{self._state.self_url}/delivery/{file_id}/output.{suffix}"
