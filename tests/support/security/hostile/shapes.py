"""Hostile calls of a function, made from what the catalog says of its arguments."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

from hypothesis import strategies as st

from tests.support.database import Database
from tests.support.security.hostile.values import BY_TYPE, GOOD, IDS, Values, anything, nasty_texts
from tests.support.security.hostile.wire import Call, Headers

FUNCTIONS = """
select p.proname as name, array(
    select jsonb_build_object('name', p.proargnames[place], 'type', format_type(t, null),
        'is_optional', place > p.pronargs - p.pronargdefaults)
    from unnest(p.proargtypes) with ordinality as a (t, place) order by place
) as arguments
from pg_proc as p where p.pronamespace = 'public'::regnamespace
order by 1
"""
JSON = ("Content-Type", "application/json")
FORM = "application/x-www-form-urlencoded"
TYPES = [
    *("application/json", "application/json; charset=utf-16", "text/csv", "text/plain", "nonsense"),
    *(FORM, "application/octet-stream", "application/xml", ""),
    *("application/vnd.pgrst.object+json", "application/vnd.pgrst.array+json", "text/xml"),
    "multipart/form-data; boundary=x",
]
HEADERS: list[tuple[str, str]] = [
    *(
        ("Prefer", value)
        for value in (
            *("params=single-object", "params=multiple-objects", "tx=rollback", "tx=commit"),
            *("handling=strict, max-affected=0", "handling=strict, nonsense=1", "count=exact"),
            *("count=planned", "count=estimated", "return=minimal", "return=headers-only"),
            *("return=representation", "resolution=merge-duplicates", "missing=default", "=,;="),
            *("timezone=Nowhere/Never", "timezone=America/New_York", "x" * 3000),
        )
    ),
    *(
        ("Accept", value)
        for value in (
            *("text/csv", "application/vnd.pgrst.object+json", "application/octet-stream"),
            *("application/vnd.pgrst.object+json;nulls=stripped", "application/geo+json", "*/*"),
            *("application/vnd.pgrst.array+json;nulls=stripped", "application/openapi+json"),
            'application/vnd.pgrst.plan+json; for="application/json"; options=analyze|verbose',
            *("text/html", "text/plain", "text/xml", "image/png", "nonsense", "a/b;q=x", ""),
        )
    ),
    *(("Range", value) for value in ("0-0", "5-2", "-1", "0-" + "9" * 30, "9-", "a-b", "bytes=0-")),
    *(("Accept-Profile", value) for value in ("private", "auth", "pg_catalog", "public")),
    *(("Content-Profile", value) for value in ("private", "auth", "pg_catalog", "public")),
    *(("X-HTTP-Method-Override", "DELETE"), ("Content-Encoding", "gzip"), ("If-Match", "*")),
    *(("Origin", "null"), ("Cookie", "role=service_role"), ("Role", "service_role")),
]
# Bytes that are no UTF-8, outside of JSON: PostgREST answers 500 by itself, or nothing.
UNREADABLE = [
    Call("POST", "/rpc/my_credits", (JSON, ("Accept", "\xff"))),
    Call("POST", "/rpc/my_credits", (JSON, ("Prefer", "\xff"))),
    Call("GET", "/plans?select=%ED%A0%80"),
    Call("GET", "/plans?title=eq.%FF"),
    Call("POST", "/rpc/my_credits", (("Content-Type", FORM),), b"\xff=1"),
]
# What a reader of the answer may want of it.
QUERIES = [
    *("select=*", "select=id", "select=nonsense", "select=", "select=*,profiles(*)", "limit=0"),
    *("select=*,user_images(*),profiles(*,referrals(*))", "limit=-1", "offset=99999999999999999"),
    *("order=id.desc", "order=nonsense", "id=eq.~owner.id~", "profile_id=neq.~me.id~", "and=("),
    *("select=pgrst_scalar->>message::integer", "or=(id.eq.1,id.is.null)", "columns=prompt"),
    *("on_conflict=id", "%00=1", "select=id::regclass", "id=is.null"),
    *("select=...profiles(*)", "select=count()", "limit=1&limit=2", "=", "&&&", "id=match.("),
]
BODIES = [
    *(b"", b"null", b"[]", b"{}", b"[{}]", b"[null]", b"1", b'"x"', b"{", b"nonsense", b"\xff\xfe"),
    *(b"\xef\xbb\xbf{}", b"{}{}", b'{"a":', b"\x00", b"{}\x00", b'{"\xed\xa0\x80": 1}', b"a=1&b=2"),
    *(b'{"": 1}', b'{"json": {}}', b"[" * 300, b"{" * 300, b"a,b\n1,2\n", b"<a/>", b" " * 10_000),
]


@dataclass(frozen=True)
class Argument:
    """An argument of a function, as the catalog has it."""

    name: str
    type: str
    is_optional: bool

    def good(self) -> Values:
        """Return values that work, as far as any are known."""
        return GOOD[self.name] if self.name in GOOD else self.any()

    def any(self) -> Values:
        """Return values of its type."""
        if self.type not in BY_TYPE:
            message = f"no values of type {self.type} for {self.name}: add them to BY_TYPE"
            raise NotImplementedError(message)
        return BY_TYPE[self.type]


@dataclass(frozen=True)
class Function:
    """A function that is served, and how it is called."""

    name: str
    arguments: tuple[Argument, ...]

    @property
    def path(self) -> str:
        """Give its address."""
        return f"/rpc/{self.name}"


def functions(db: Database) -> list[Function]:
    """Return every function of the schema that is served."""
    return [
        Function(row["name"], tuple(Argument(**one) for one in row["arguments"]))
        for row in db.rows(FUNCTIONS)
    ]


@st.composite
def calls(draw: st.DrawFn, function: Function) -> Call:
    """Make a call: many are fair, and each of the others is wrong in its own way."""
    manner = draw(st.sampled_from(["fair", "fair", "values", "values", "headers", "query", "body"]))
    given = draw(_given(function, is_fair=manner == "fair"))
    headers: Headers = (JSON,)
    path, method = function.path, "POST"
    body = _object(given)
    if manner == "headers":
        headers += (draw(st.sampled_from(HEADERS)),)
        headers += tuple(draw(st.lists(st.sampled_from(HEADERS), max_size=1)))
    elif manner == "query":
        method = draw(st.sampled_from(["POST", "POST", "GET", "GET", "HEAD"]))
        parts = draw(st.lists(st.sampled_from(QUERIES), max_size=2))
        if method != "POST":
            parts += [f"{name}={_in_url(value)}" for name, value in given]
        path = f"{path}?{'&'.join(parts)}"
    elif manner == "body":
        method = draw(st.sampled_from(["POST"] * 8 + ["PUT", "PATCH", "DELETE", "OPTIONS"]))
        headers = (("Content-Type", draw(st.sampled_from([*TYPES, *[JSON[1]] * 9]))),)
        body = draw(_bodies(given))
        if "form" in headers[0][1]:
            body = body.decode("utf-8", "ignore").encode()
    return Call(method, path, headers, body if method not in {"GET", "HEAD"} else None)


@st.composite
def _given(draw: st.DrawFn, function: Function, *, is_fair: bool) -> list[tuple[str, str]]:
    """Choose what to give for which argument."""
    given = []
    for argument in function.arguments:
        if argument.is_optional and draw(st.booleans()):
            continue
        values = argument.good()
        if not is_fair:
            values = draw(st.sampled_from([values, values, argument.any(), anything]))
        given.append((argument.name, draw(values)))
    return given


def _bodies(given: list[tuple[str, str]]) -> st.SearchStrategy[bytes]:
    """Write the arguments as nobody should: one missing, twice, too many, in a list."""
    whole = _object(given)
    more = st.tuples(
        st.sampled_from(["surprise", "profile_id", "role", "", "pgrst_args", "ID"]),
        anything | st.sampled_from(IDS).map(json.dumps),
    ).map(lambda one: _object([*given, one]))
    # Short ones: PostgREST looks for names that are alike, for a minute where one is very long.
    names = nasty_texts.map(lambda text: _object([*given[1:], (text[:100], "1")]))
    form = "&".join(f"{name}={_in_url(value)}" for name, value in given).encode()
    written = [
        *(_object(given[1:]), _object(given[:-1]), _object([*given, *given]), whole[:-1], form),
        *(b"[" + whole + b"]", b"[" + whole + b"," + whole + b"]", b'{"a":' + whole + b"}"),
        *(whole.replace(b'"', b"'"), whole.decode("latin-1").encode("utf-16"), whole + b","),
        whole.replace(b":", b":\xff"),
    ]
    unasked = st.sampled_from(BODIES) | st.binary(max_size=50)
    return st.sampled_from(written) | unasked | more | names


def _object(given: list[tuple[str, str]]) -> bytes:
    parts = (f"{json.dumps(name)}: {value}" for name, value in given)
    return ("{" + ", ".join(parts) + "}").encode("utf-8", "surrogatepass")


def in_url(text: str) -> str:
    """Write a value as part of an address, without what is no text: see UNREADABLE."""
    return quote(text.encode("utf-8", "replace")[:2000], safe="~.,()*:!{}")


def _in_url(value: str) -> str:
    """Write JSON as a parameter; a word to be filled in stays one."""
    try:
        said = json.loads(value)
    except ValueError:
        said = value
    return in_url(said if isinstance(said, str) else value)
