"""Each gate that we wrote ourselves: nothing to say of good input, something of bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.gates import documents, migrations, sql_bodies

HEADER = "-- Purpose: a\n-- Touches: b\n-- Locks: c\n-- Rollout: pre\n-- Undo: d\n"
FUNCTION = """
create function private.f()
returns integer
language sql
{attributes}set search_path = ''
as $$
    {body};
$$;
"""


@pytest.mark.parametrize(
    ("attributes", "body", "finding"),
    [
        ("", "select 1", None),
        ("", "select 'SELECT' -- FROM here", None),
        ("-- security definer because of x\nsecurity definer\n", "select 1", None),
        ("", "SELECT 1", "SELECT in upper case"),
        ("", "select\t1", "a tab"),
        ("", f"select {'1' * 100}", "characters, at most 100"),
        ("security definer\n", "select 1", "does not say why"),
    ],
)
def test_function_bodies(attributes: str, body: str, finding: str | None) -> None:
    content = FUNCTION.format(attributes=attributes, body=body)
    found = [*sql_bodies.style("f.sql", content), *sql_bodies.safety("f.sql", content)]
    if finding is None:
        assert found == []
    else:
        assert len(found) == 1
        assert finding in found[0]


def test_a_function_without_a_pinned_search_path_is_found() -> None:
    content = FUNCTION.format(attributes="", body="select 1")
    assert list(sql_bodies.safety("f.sql", content)) == []
    loose = content.replace("set search_path = ''\n", "")
    assert list(sql_bodies.safety("f.sql", loose)) == [
        "f.sql: private.f does not pin its search path"
    ]


@pytest.mark.parametrize(
    ("name", "content", "finding"),
    [
        ("20260101000000_create_x.sql", HEADER, None),
        ("20260101000000_make_x.sql", HEADER, "with a verb"),
        ("create_x.sql", HEADER, "with a verb"),
        ("20260101000060_create_x.sql", HEADER, "no time in UTC"),
        ("20260229000000_create_x.sql", HEADER, "no time in UTC"),
        ("20260101000000_create_x.sql", HEADER.replace("-- Undo: d\n", ""), "nothing on Undo"),
        ("20260101000000_create_x.sql", f"{HEADER}begin;\n", "a transaction"),
        ("20260101000000_create_x.sql", HEADER + "\n" * 300, "at most 300"),
    ],
)
def test_migration_files(name: str, content: str, finding: str | None) -> None:
    found = list(migrations.findings(name, content))
    if finding is None:
        assert found == []
    else:
        assert len(found) == 1
        assert finding in found[0]


def test_documents(tmp_path: Path) -> None:
    for folder in ("docs", "supabase/migrations", "supabase/functions_py"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "README.md").write_text("[errors](docs/errors.md)\n")
    (tmp_path / "docs" / "errors.md").write_text("`one` and `two`\n")
    (tmp_path / "supabase" / "migrations" / "a.sql").write_text("message = 'one',\n")
    (tmp_path / "supabase" / "functions_py" / "a.py").write_text('RejectedError("two")\n')
    assert documents.check(tmp_path) == []
    (tmp_path / "docs" / "errors.md").write_text("[x](y.md)\n")
    (tmp_path / "README.md").write_text("\n" * 200)
    assert documents.check(tmp_path) == [
        "docs/errors.md: nothing on two of a.py",
        "docs/errors.md: nothing on one of a.sql",
        "README.md: 200 lines, under 200 are allowed",
        "docs/errors.md: y.md does not exist",
    ]
