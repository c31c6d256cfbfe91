"""Two sidecars share a queue, and are killed at it again and again: nothing is lost or doubled."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.support.end_to_end.load_test import EACH, LoadTest, jobs
from tests.support.end_to_end.sidecar_processes import SidecarProcesses, running
from tests.support.load import say
from tests.support.waiting import eventually

# What two people order in every run, and as many pictures as the credits of eight pay for.
FEW, MANY = 30, 8 * EACH


@pytest.fixture(scope="module")
def pair() -> Iterator[SidecarProcesses]:
    """Run a stack with two sidecars."""
    with running(2) as world:
        yield world


def crowd_of(world: SidecarProcesses, count: int, opened: ExitStack) -> LoadTest:
    """Sign so many people up."""
    people = [world.sign_up() for _ in range(count)]
    for person in people:
        opened.callback(person.http.close)
    return LoadTest(world, people)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("seed", "count", "kills", "switches"),
    [
        pytest.param(1, FEW, 4, {}, id="4_kills"),
        pytest.param(2, MANY, 40, {}, id="40_kills", marks=pytest.mark.full),
        pytest.param(
            3, MANY, 40, {"drop_webhooks": True}, id="no_webhooks", marks=pytest.mark.full
        ),
        pytest.param(4, MANY, 40, {"duplicate_webhooks": True}, id="twice", marks=pytest.mark.full),
    ],
)
def test_two_sidecars_that_are_killed_again_and_again_lose_nothing_and_make_nothing_twice(
    pair: SidecarProcesses,
    opened: ExitStack,
    seed: int,
    count: int,
    kills: int,
    switches: dict[str, bool],
) -> None:
    crowd = crowd_of(pair, max(2, count // EACH), opened)
    say(f"seed {seed}")
    started = time.monotonic()
    # Orders come all the time, and every answer takes so long that some are lost.
    pair.faults(hang_after_create_next=10 * count, hang_seconds=0.3, **switches)
    with pair.settings(max_running_generations=5), crowd.ordering(count):
        kill_at_random(pair, crowd, random.Random(seed), count, kills)
    pair.faults(reset=True)
    crowd.wait()
    say(f"all over after {time.monotonic() - started:.1f} s")
    ends = crowd.check()
    crowd.check_provider(extra_max=kills)
    # Only who lost three attempts in a row gets no picture.
    assert ends.keys() <= {"succeeded", "provider_unreachable"}
    assert ends["succeeded"] >= count * 0.95


def is_as_far(crowd: LoadTest, goal: int) -> bool:
    return crowd.count_finished() >= goal


def kill_at_random(
    world: SidecarProcesses, crowd: LoadTest, chance: random.Random, count: int, kills: int
) -> None:
    """Kill one of the sidecars a moment after so many pictures were over, and start it again."""
    for goal in sorted(chance.choices(range(count - 10), k=kills)):
        eventually(partial(is_as_far, crowd, goal), 120)
        time.sleep(chance.uniform(0, 0.3))
        victim = chance.choice(world.sidecars)
        victim.end(signal.SIGKILL)
        victim.start()
    assert crowd.count_finished() < count


def test_two_sidecars_share_the_queue_and_do_nothing_twice(
    pair: SidecarProcesses, opened: ExitStack
) -> None:
    crowd = crowd_of(pair, 4, opened)
    with crowd.ordering(16):
        pass
    crowd.wait()
    assert crowd.check() == {"succeeded": 16}
    crowd.check_provider(extra_max=0)
    ours = [job for job in jobs(pair) if job.get("generation_id") in crowd.ordered]
    done = Counter((job["kind"], job["report"], job["answer"]) for job in ours)
    assert done["submit", "submitted", "ok"] == done["store", "stored", "ok"] == 16
    assert {job["answer"] for job in ours if job["kind"] in {"submit", "store"}} == {"ok"}
    assert len({job["sidecar"] for job in ours}) == 2


def test_a_sidecar_that_is_told_to_end_under_load_does_so_in_time_and_loses_nothing(
    pair: SidecarProcesses, opened: ExitStack
) -> None:
    crowd = crowd_of(pair, 4, opened)
    first = pair.sidecars[0]
    with crowd.ordering(24):
        eventually(partial(is_as_far, crowd, 6))
        assert first.end(signal.SIGTERM) < 10
        assert crowd.count_finished() < 24
    assert '"worker_stopped"' in first.logs[-1].read_text()
    first.start()
    crowd.wait()
    assert crowd.check() == {"succeeded": 24}
    crowd.check_provider(extra_max=0)
