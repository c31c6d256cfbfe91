"""Webhook endpoints that callers set up, beside the one from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.common import checked_url, merged_metadata
from stand_ins.stripe.config import API_VERSION, new_webhook_secret
from stand_ins.stripe.listing import newest_first
from stand_ins.stripe.webhook_sender import Destination

if TYPE_CHECKING:
    from stand_ins.stripe.call import Call, Routes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.webhook_sender import WebhookSender
    from stand_ins.stripe.world import World

_KIND = "webhook_endpoint"


class Endpoints:
    """The handlers, with the sender that they instruct."""

    def __init__(self, sender: WebhookSender) -> None:
        self._sender = sender

    def create(self, world: World, call: Call) -> Object:
        """POST /v1/webhook_endpoints: the secret is shown this one time."""
        given = call.only("api_version", "description", "enabled_events", "metadata", "url")
        given["metadata"] = merged_metadata({}, given.get("metadata"))
        checked_url(given["url"], "url")
        made = world.make(_KIND, **(given | {"status": "enabled"}))
        secret = new_webhook_secret()
        world.store.hidden(made["id"])["secret"] = secret
        self._instruct(world, made)
        return made | {"secret": secret}

    def update(self, world: World, call: Call) -> Object:
        """POST /v1/webhook_endpoints/{webhook_endpoint}."""
        given = call.only("description", "disabled", "enabled_events", "metadata", "url")
        made = world.store.get(_KIND, call.id)
        values: dict[str, Any] = dict(given)
        if "disabled" in values:
            values["status"] = "disabled" if values.pop("disabled") else "enabled"
        values["metadata"] = merged_metadata(made["metadata"], given.get("metadata"))
        if "url" in values:
            checked_url(values["url"], "url")
        world.change(made, **values)
        self._instruct(world, made)
        return made

    def delete(self, world: World, call: Call) -> Object:
        """DELETE /v1/webhook_endpoints/{webhook_endpoint}."""
        made = world.store.get(_KIND, call.id)
        world.store.remove(_KIND, made["id"])
        self._sender.endpoints.pop(made["id"], None)
        return {"id": made["id"], "object": _KIND, "deleted": True}

    def listing(self, world: World, call: Call) -> Object:
        """GET /v1/webhook_endpoints."""
        call.only("ending_before", "limit", "starting_after")
        return newest_first(call, world.store.all(_KIND))

    def _instruct(self, world: World, made: Object) -> None:
        self._sender.endpoints.pop(made["id"], None)
        if made["status"] == "enabled":
            self._sender.endpoints[made["id"]] = Destination(
                made["id"],
                made["url"],
                world.store.hidden(made["id"])["secret"],
                enabled_events=tuple(made["enabled_events"]),
                api_version=made["api_version"] or API_VERSION,
            )

    def routes(self) -> Routes:
        """Return the handlers by operation."""
        return {
            ("post", "/v1/webhook_endpoints"): self.create,
            ("get", "/v1/webhook_endpoints"): self.listing,
            ("get", "/v1/webhook_endpoints/{webhook_endpoint}"): lambda world, call: (
                world.store.get(_KIND, call.id)
            ),
            ("post", "/v1/webhook_endpoints/{webhook_endpoint}"): self.update,
            ("delete", "/v1/webhook_endpoints/{webhook_endpoint}"): self.delete,
        }
