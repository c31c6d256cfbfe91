"""Every file of sql/lints: no row, one when it is broken on purpose, none when it is mended."""

from __future__ import annotations

import pytest

from devtools.gates.catalogue import LINTS, lints
from local_stack.postgres import ADMIN
from tests.support.database import Database
from thumbsmith.checks.questions import run_checks

DEFINER = """
create function public.broken() returns integer language sql security definer
set search_path = '' as 'select 1';
comment on function public.broken() is 'Broken.';
grant execute on function public.broken() to {role}
"""
TABLE = "create table public.broken (id integer constraint broken_pkey primary key{more})"
NO_TABLE = "drop table public.broken"
EXPLAINED = "; comment on table public.broken is 'Broken.'"
COLUMN = (
    "alter table public.plans add column broken {kind};"
    " comment on column public.plans.broken is 'Broken.'"
)
NO_COLUMN = "alter table public.plans drop column broken"

# For each lint: how to break it, and how to mend it.
BREAKS = {
    "api_function_has_no_definer": (
        DEFINER.format(role="anon"),
        "drop function public.broken()",
    ),
    "api_function_has_one_form": (
        "create function public.redeem_code(code integer) returns integer language sql"
        " set search_path = '' as 'select 1';"
        " comment on function public.redeem_code(integer) is 'Broken.'",
        "drop function public.redeem_code(integer)",
    ),
    "boolean_is_a_question": (
        COLUMN.format(kind="boolean"),
        NO_COLUMN,
    ),
    "column_has_a_sound_type": (
        COLUMN.format(kind="varchar(20)"),
        NO_COLUMN,
    ),
    "column_is_explained": (
        "alter table public.plans add column broken bigint",
        "comment on column public.plans.broken is 'Mended.'",
    ),
    "constraint_is_named_after_its_table": (
        "alter table public.plans add check (price_amount < 1000000000)",
        "alter table public.plans drop constraint plans_price_amount_check",
    ),
    "foreign_key_has_an_index": (
        "drop index public.subscriptions_plan_name_idx",
        "create index subscriptions_plan_name_idx on public.subscriptions (plan_name)",
    ),
    "function_is_explained": (
        "comment on function public.my_credits() is null",
        "comment on function public.my_credits() is 'Mended.'",
    ),
    "index_is_named_after_its_table": (
        "alter index public.subscriptions_plan_name_idx rename to idx_plan_name",
        "alter index public.idx_plan_name rename to subscriptions_plan_name_idx",
    ),
    "instant_is_named_as_one": (
        COLUMN.format(kind="timestamptz"),
        NO_COLUMN,
    ),
    "policy_is_explained": (
        "comment on policy plans_select_all on public.plans is null",
        "comment on policy plans_select_all on public.plans is 'Mended.'",
    ),
    "policy_is_named_after_its_command": (
        'alter policy plans_select_all on public.plans rename to "Everybody"',
        'alter policy "Everybody" on public.plans rename to plans_select_all',
    ),
    "public_bucket_is_not_listed": (
        "insert into storage.buckets (id, name, public) values ('broken', 'broken', true);"
        " create policy objects_select_all on storage.objects for select to anon using (true)",
        "drop policy objects_select_all on storage.objects",
    ),
    "relation_is_explained": (
        TABLE.format(more=""),
        "comment on table public.broken is 'Mended.'",
    ),
    "table_has_a_key": (
        "create table public.broken (id integer)"
        + EXPLAINED
        + "; comment on column public.broken.id is 'Broken.'",
        NO_TABLE,
    ),
    "table_is_logged": (
        TABLE.format(more="").replace("create", "create unlogged") + EXPLAINED,
        NO_TABLE,
    ),
    "table_is_not_published": (
        "create publication broken for table public.plans",
        "drop publication broken",
    ),
    "trigger_is_named_by_its_turn": (
        "alter trigger _900_broadcast on public.generations rename to broadcast",
        "alter trigger broadcast on public.generations rename to _900_broadcast",
    ),
}


def test_every_lint_is_tried() -> None:
    assert set(BREAKS) == {file.stem for file in LINTS.glob("*.sql")}


@pytest.mark.parametrize("lint", BREAKS)
def test_a_lint_finds_one_fault_and_no_other_does(db: Database, lint: str) -> None:
    fault, mended = BREAKS[lint]
    assert lints(db.url) == []
    _change(db, fault)
    assert {
        result.name: len(result.rows) for result in run_checks(db.url, LINTS) if result.rows
    } == {lint: 1}
    assert len(lints(db.url)) == 1
    assert lints(db.url)[0].startswith(f"{lint}: ")
    _change(db, mended)
    assert lints(db.url) == []


def test_a_type_without_a_comment_is_found_too(db: Database) -> None:
    db.rows("create domain private.broken as text")
    assert lints(db.url) == ["relation_is_explained: object private.broken, kind type"]


def test_a_boolean_argument_is_a_question_too(db: Database) -> None:
    sound = "create function private.asked(is_broken boolean) returns void language sql"
    rest = " set search_path = '' as 'select'; comment on function private.asked is 'Broken.'"
    _change(db, sound + rest)
    assert lints(db.url) == []
    _change(db, "drop function private.asked;" + sound.replace("is_broken", "broken") + rest)
    assert lints(db.url) == [
        "boolean_is_a_question: object private.asked(boolean), boolean_name broken"
    ]


def _change(db: Database, statements: str) -> None:
    with db.connect(ADMIN) as connection:
        connection.execute("set role postgres") if "storage." not in statements else None
        for statement in statements.split(";"):
            if statement.strip():
                connection.execute(statement.encode())
