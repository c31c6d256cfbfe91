"""Statements on a person's table that name the person, and planted ones that do not."""

from __future__ import annotations

import pytest

from devtools.gates.person_statements import Reader
from devtools.gates.sql_functions import Function
from devtools.gates.statement_scope import Table

KEY = ("id", "profile_id")
READER = Reader(
    {
        "profiles": Table("public.profiles", frozenset({"id", "credits"}), "id"),
        "pictures": Table(
            "public.pictures", frozenset({"id", "profile_id", "status"}), "profile_id"
        ),
        "tries": Table(
            "private.tries", frozenset({"id", "profile_id", "picture_id"}), "profile_id"
        ),
        "settings": Table("private.settings", frozenset({"id", "most"})),
    }
)
NAMED = [
    "select p.id from public.pictures as p where p.profile_id = f.profile_id and p.id = f.id",
    "select id from public.pictures where profile_id = v_person",
    "select p.id from public.pictures as p where (p.id, p.profile_id) = (f.id, f.person)",
    "select p.id from public.pictures as p where p.profile_id is not distinct from f.person",
    "select p.id from public.pictures as p where f.person::uuid = p.profile_id",
    "select p.id from public.pictures as p where p.profile_id = (v_job).profile_id",
    "select t.id from private.tries as t inner join public.pictures as p"
    " on t.profile_id = p.profile_id and t.picture_id = p.id where p.profile_id = f.person",
    "select t.id from public.pictures as p left join private.tries as t"
    " on p.profile_id = t.profile_id and p.id = t.picture_id where p.profile_id = f.person",
    "select p.id from public.profiles as p cross join private.settings as s where p.id = f.person",
    "update public.pictures as p set status = 'x' where p.profile_id = new.profile_id",
    "delete from private.tries as t using public.pictures as p where t.profile_id = f.person"
    " and p.profile_id = t.profile_id and t.picture_id = p.id",
    "select exists (select from private.tries as t where t.profile_id = f.person)",
    "select p.id from public.pictures as p where p.profile_id = f.person and not exists ("
    "select from private.tries as t where t.profile_id = p.profile_id and t.picture_id = p.id)",
    "with own as (select t.profile_id from private.tries as t where t.profile_id = f.person)"
    " select p.id from public.pictures as p inner join own as o on p.profile_id = o.profile_id",
    "insert into private.tries (profile_id) values (f.person)",
    "insert into private.tries (profile_id) select p.profile_id from public.pictures as p"
    " where p.profile_id = f.person",
    "insert into public.pictures (id, profile_id) values (f.id, f.person)"
    " on conflict (profile_id, id) do update set status = 'x'",
    "insert into public.pictures as p (id, profile_id) values (f.id, f.person)"
    " on conflict (id) do update set status = 'x' where p.profile_id = excluded.profile_id",
    "insert into public.pictures (id, profile_id) values (f.id, f.person)"
    " on conflict (id) do nothing",
    "select s.most from private.settings as s",
    "select g.x from private.g(f.id) as g",
    "select 1",
]
UNNAMED = {
    "by id alone": ("select p.id from public.pictures as p where p.id = f.id", 1),
    "unqualified": ("select id from public.pictures where id = v_id", 1),
    "update by id alone": ("update public.pictures as p set status = 'x' where p.id = f.id", 1),
    "delete by id alone": ("delete from private.tries as t where t.id = f.id", 1),
    "either or": (
        "select p.id from public.pictures as p where p.profile_id = f.person or p.id = f.id",
        1,
    ),
    "not this one": ("select p.id from public.pictures as p where p.profile_id <> f.person", 1),
    "many people": (
        "select p.id from public.pictures as p where p.profile_id = any(f.people)",
        1,
    ),
    "a join on another column": (
        "select t.id from private.tries as t inner join public.pictures as p"
        " on t.picture_id = p.id where p.profile_id = f.person",
        1,
    ),
    "a left join that names the kept side": (
        "select p.id from public.pictures as p left join private.tries as t"
        " on p.profile_id = f.person and p.profile_id = t.profile_id",
        2,
    ),
    "a left join that names only the side it adds": (
        "select p.id from public.pictures as p left join private.tries as t"
        " on p.profile_id = t.profile_id and t.profile_id = f.person",
        1,
    ),
    "a right join that names the kept side": (
        "select t.id from public.pictures as p right join private.tries as t"
        " on t.profile_id = f.person and p.profile_id = t.profile_id",
        2,
    ),
    "a full join": (
        "select t.id from public.pictures as p full join private.tries as t"
        " on t.profile_id = f.person and p.profile_id = t.profile_id",
        2,
    ),
    "a list of people as rows": (
        "select p.id from unnest(f.people) as person"
        " inner join public.pictures as p on p.profile_id = person",
        1,
    ),
    "a column of a subquery, unqualified": (
        "select p.id from public.pictures as p cross join ("
        "select s.most as owner from private.settings as s) as o where p.profile_id = owner",
        1,
    ),
    "a subquery without a name": (
        "select id from (select t.id from private.tries as t where t.id = f.id)",
        1,
    ),
    "a column equal to itself": (
        "select p.id from public.pictures as p where p.profile_id = f.person and exists ("
        "select from private.tries as t where t.profile_id = profile_id)",
        1,
    ),
    "an insert that may change a row of somebody else": (
        "insert into public.pictures (id, profile_id) values (f.id, f.person)"
        " on conflict (id) do update set status = 'x'",
        1,
    ),
    "an update from": (
        "update private.tries as t set picture_id = p.id from public.pictures as p"
        " where t.picture_id = p.id and p.profile_id = f.person",
        1,
    ),
    "exists": (
        "select 1 from private.settings as s where exists ("
        "select from private.tries as t where t.id = f.id)",
        1,
    ),
    "a subquery in a from clause": (
        "select o.id from (select t.id from private.tries as t where t.id = f.id) as o",
        1,
    ),
    "a with clause": (
        "with own as (select t.id from private.tries as t where t.id = f.id) select id from own",
        1,
    ),
    "a union": (
        "select p.id from public.pictures as p where p.profile_id = f.person"
        " union all select t.id from private.tries as t",
        1,
    ),
    "a value that a row decides": (
        "select p.id from public.pictures as p where p.profile_id = ("
        "select t.profile_id from private.tries as t where t.id = f.id)",
        2,
    ),
    "in an inserted query": (
        "insert into private.tries (profile_id) select p.profile_id from public.pictures as p"
        " where p.id = f.id",
        1,
    ),
    "in an expression": ("select coalesce((select t.id from private.tries as t limit 1), 0)", 1),
}


@pytest.mark.parametrize("statement", NAMED)
def test_a_statement_that_names_the_person_is_fine(statement: str) -> None:
    assert READER.findings(statement) == []


@pytest.mark.parametrize(("statement", "count"), UNNAMED.values(), ids=UNNAMED)
def test_a_statement_that_does_not_is_found(statement: str, count: int) -> None:
    assert len(READER.findings(statement)) == count


def function(body: str, language: str = "plpgsql", **more: object) -> Function:
    given = {
        "arguments": (("profile_id", "uuid"), ("job", "private.jobs")),
        "returns": "void",
        "returns_set": False,
        "has_outputs": False,
    } | more
    return Function("private.f", language, source=body, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("statement", "is_locked"),
    [
        ("select p.id from public.pictures as p where p.id = f.id", False),
        ("select p.id from public.pictures as p where p.id = f.id for update", True),
        ("select p.id from public.pictures as p where p.id = f.id for share of p", True),
        ("update public.pictures as p set status = 'x' where p.id = f.id", True),
        ("delete from private.tries where id = f.id", True),
        ("select p.id from public.pictures as p, private.settings as s for update of s", False),
        (
            "update private.settings as s set most = 1 from public.pictures as p where p.id = f.id",
            False,
        ),
    ],
)
def test_a_lock_is_told_from_a_look(statement: str, is_locked: bool) -> None:
    assert [one.is_locked for one in READER.findings(statement)] == [is_locked]


BODIES = {
    "a statement": "begin perform from public.pictures as p where p.id = job.id; end",
    "a condition": "begin if exists (select from public.pictures as p) then return; end if; end",
    "an assignment": "declare v uuid; begin v := (select p.id from public.pictures as p); end",
    "a constant": "declare v constant uuid := (select p.id from public.pictures as p); begin end",
    "a loop": "declare r record; begin for r in select p.id from public.pictures as p"
    " where p.id = job.id loop null; end loop; end",
    "a handler": "begin null; exception when others then delete from public.pictures; end",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_every_part_of_a_body_is_read(body: str) -> None:
    texts = list(function(body).texts())
    assert [one.table for text in texts for one in READER.findings(text)] == ["public.pictures"]
    # Positive control.
    named = body.replace(
        "pictures as p where", "pictures as p where p.profile_id = f.profile_id and"
    )
    named = named.replace("pictures as p)", "pictures as p where p.profile_id = f.profile_id)")
    named = named.replace(
        "from public.pictures;", "from public.pictures where profile_id = job.id;"
    )
    assert [one for text in function(named).texts() for one in READER.findings(text)] == []


def test_functions_of_every_form_are_read() -> None:
    forms = [
        function("begin new.x := old.x; return new; end", returns="trigger"),
        function("begin return query select 1; end", returns="private.jobs", returns_set=True),
        function("begin return next; end", returns="record", returns_set=True, has_outputs=True),
        function("begin profile_id := null; end", returns="record", has_outputs=True),
        function("begin return job; end", returns="private.jobs"),
        function("select 1", language="sql"),
    ]
    for form in forms:
        assert [one for text in form.texts() for one in READER.findings(text)] == []


@pytest.mark.parametrize(
    "body",
    [
        "begin execute format('delete from %I', 'x'); end",
        "declare r record; begin for r in execute 'select 1' loop null; end loop; end",
        "declare c refcursor; begin open c for execute 'select 1'; end",
    ],
)
def test_a_statement_made_from_text_is_noticed(body: str) -> None:
    assert function(body).is_dynamic
    rows = function(
        "begin return query execute 'select 1'; end", returns="private.jobs", returns_set=True
    )
    assert rows.is_dynamic
    # Positive control.
    assert not function("begin delete from public.pictures; end").is_dynamic
