"""What is measured: scripts of sql/bench, on many people or on one, beside the floor."""

from __future__ import annotations

from dataclasses import dataclass

COST = 10
FLOOR = "lone_update"


@dataclass(frozen=True)
class Scenario:
    """A script, the role that runs it, and how many credits one transaction burns."""

    script: str
    title: str
    role: str = "postgres"
    burns: int = 0


SCENARIOS = (
    Scenario(FLOOR, "lone update (the floor)"),
    Scenario("lone_update_and_insert", "the same and one insert"),
    Scenario("spend", "spend_credits", burns=COST),
    Scenario("request_generation", "request_generation, one round trip", burns=COST),
    Scenario(
        "request_generation_postgrest",
        "request_generation, as PostgREST",
        role="authenticator",
        burns=COST,
    ),
    Scenario("my_credits", "my_credits, as PostgREST", role="authenticator"),
)
# What is measured with one client too: latency without a crowd.
ALONE = (FLOOR, "request_generation")


@dataclass(frozen=True)
class Group:
    """Scenarios that run one after the other and share a floor."""

    is_hot: bool
    clients: int
    scenarios: tuple[Scenario, ...]


def groups(clients: int) -> list[Group]:
    """Many people, then one; and a single client, to see the latency of one request."""
    crowd = [Group(is_hot, clients, SCENARIOS) for is_hot in (False, True)]
    if clients == 1:
        return crowd
    alone = tuple(one for one in SCENARIOS if one.script in ALONE)
    return [Group(False, 1, alone), *crowd]
