"""Every mutant in who may what is noticed; what is not changes nothing, and is listed why."""

from __future__ import annotations

import os

import pytest

from tests.support.load import say
from tests.support.security.access.mutants import Mutant
from tests.support.security.access.mutation_run import NOTHING, MutationRun, sample
from tests.support.security.access.survivors import EQUIVALENT
from tests.support.security.populated import PopulatedDatabase

# Which mutants are tried: others with another number.
SEED = int(os.environ.get("MUTATION_SEED", "1"))


@pytest.fixture(scope="session")
def mutation_run(world: PopulatedDatabase) -> MutationRun:
    return MutationRun.of(world)


def test_what_changes_nothing_is_not_noticed(mutation_run: MutationRun) -> None:
    again = Mutant("grant", "grant select on public.plans to anon")
    assert len(mutation_run.try_all([NOTHING, again]).survivors) == 2


def test_a_sample_of_mutants_is_noticed(mutation_run: MutationRun) -> None:
    chosen = sample(mutation_run.mutants(), SEED)
    tally = mutation_run.try_all(chosen)
    say(f"mutations: {tally}, seed {SEED}")
    assert [one.name for one in tally.survivors] == []
    assert tally.made.total() > 100


@pytest.mark.full
@pytest.mark.timeout(900)
def test_every_mutant_is_noticed(mutation_run: MutationRun) -> None:
    mutants = mutation_run.mutants()
    tally = mutation_run.try_all(mutants)
    say(f"mutations: {tally}")
    assert [one.name for one in tally.survivors] == []
    # Whatever is excused is still a mutant that can be made, and that nothing notices.
    assert {one.name for one in tally.excused} == set(EQUIVALENT)
    assert tally.made.total() > 5000


def test_each_kind_of_mutant_is_made(mutation_run: MutationRun) -> None:
    kinds = {one.kind for one in mutation_run.mutants()}
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
