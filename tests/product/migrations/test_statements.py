"""Files are cut into statements as PostgreSQL reads them."""

from __future__ import annotations

import pytest

from thumbsmith.db.statements import split, without_comments


@pytest.mark.parametrize(
    ("content", "statements"),
    [
        ("", []),
        (" ;; ; \n", []),
        ("select 1", ["select 1"]),
        ("select 1;\r\n\r\nselect 2;;\n", ["select 1", "select 2"]),
        ("-- one; two\nselect 1; -- after\n", ["-- one; two\nselect 1", "-- after"]),
        ("/* a; /* b; */ c; */ select 1; select 2", ["/* a; /* b; */ c; */ select 1", "select 2"]),
        ("select /* open; select 2", ["select /* open; select 2"]),
        ("select ';', 'it''s;', ';' ; select 2", ["select ';', 'it''s;', ';'", "select 2"]),
        # Without an E a backslash is an ordinary sign; with one it hides the quote.
        (r"select '\'; select 2", [r"select '\'", "select 2"]),
        (r"select e'\'; ', 1; select 2", [r"select e'\'; ', 1", "select 2"]),
        ("select E'a'\n  '\\'; b'; select 2", ["select E'a'\n  '\\'; b'", "select 2"]),
        (r"select type'\'; select 2", [r"select type'\'", "select 2"]),
        ('select 1 as "a;""b;"; select 2', ['select 1 as "a;""b;"', "select 2"]),
        ("do $$ begin; $b$ ; end; $$; select 2", ["do $$ begin; $b$ ; end; $$", "select 2"]),
        ("do $a$ ; $$ ; $b$ ; $a$; select 2", ["do $a$ ; $$ ; $b$ ; $a$", "select 2"]),
        # No body: a dollar inside of a name, and the number of a parameter.
        ("select a$b$; select 2; select c$b$", ["select a$b$", "select 2", "select c$b$"]),
        ("select $1; select $1", ["select $1", "select $1"]),
        ("select '--'; select 2 -- '", ["select '--'", "select 2 -- '"]),
        (
            "create rule r as on insert to t do (select (1); select 2); select 3",
            ["create rule r as on insert to t do (select (1); select 2)", "select 3"],
        ),
        (
            "create function f() returns int begin atomic"
            " select case when true then 1 end; /* end */ select 2; end; select 3;",
            [
                "create function f() returns int begin atomic"
                " select case when true then 1 end; /* end */ select 2; end",
                "select 3",
            ],
        ),
        ("\ufeffselect 1;\u00a0", ["select 1"]),
    ],
)
def test_a_file_is_cut(content: str, statements: list[str]) -> None:
    assert split(content) == statements


def test_comments_do_not_hide_what_a_statement_is() -> None:
    hidden = "-- first\n/* then; */ create\n  /* and */ index  concurrently '--x' -- last"
    assert without_comments(hidden) == "create index concurrently '--x'"
