"""Every mistake in who may what is noticed; what is not changes nothing, and is listed why."""

from __future__ import annotations

import os

import pytest

from tests.product.security.access.mutants import Mutant
from tests.product.security.access.mutations import NOTHING, Laboratory, sample
from tests.product.security.access.survivors import EQUIVALENT
from tests.product.security.world import World
from tests.support.load import say

# Which mistakes are tried: others with another number.
SEED = int(os.environ.get("MUTATION_SEED", "1"))


@pytest.fixture(scope="session")
def laboratory(world: World) -> Laboratory:
    return Laboratory.of(world)


def test_what_changes_nothing_is_not_noticed(laboratory: Laboratory) -> None:
    again = Mutant("grant", "grant select on public.plans to anon")
    assert len(laboratory.try_all([NOTHING, again]).survivors) == 2


def test_a_sample_of_mistakes_is_noticed(laboratory: Laboratory) -> None:
    chosen = sample(laboratory.mutants(), SEED)
    tally = laboratory.try_all(chosen)
    say(f"mutations: {tally}, seed {SEED}")
    assert [one.name for one in tally.survivors] == []
    assert tally.made.total() > 250


@pytest.mark.full
@pytest.mark.timeout(900)
def test_every_mistake_is_noticed(laboratory: Laboratory) -> None:
    mutants = laboratory.mutants()
    tally = laboratory.try_all(mutants)
    say(f"mutations: {tally}")
    assert [one.name for one in tally.survivors] == []
    # Whatever is excused is still a mistake that can be made, and that nothing notices.
    assert {one.name for one in tally.excused} == set(EQUIVALENT)
    assert tally.made.total() > 5000


def test_each_kind_of_mistake_is_made(laboratory: Laboratory) -> None:
    kinds = {one.kind for one in laboratory.mutants()}
    assert kinds == {
        "definer",
        "grant",
        "guard",
        "policy changed",
        "policy dropped",
        "policy for everybody",
        "revoke",
        "row security",
        "search path",
        "view",
    }
