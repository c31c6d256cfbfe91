"""The lines that say who may: each is taken out of the functions that people call, one at a time.

They are found by what they look like, in every function that a signed-in person may call and in all
that these call: a condition that ties a row to a person, the question who is calling, a check.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tests.support.database import Connection

FUNCTIONS = """
select format('%s.%s', n.nspname, p.proname) as name, p.prosrc as body,
    pg_get_functiondef(p.oid) as definition,
    has_function_privilege('authenticated', p.oid, 'execute') as is_open
from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid
where n.nspname in ('public', 'private') and p.prokind = 'f'
order by 1
"""
CALLED = re.compile(r"\b((?:private|public)\.\w+)\s*\(")
_PERSON = r"(?:v_profile_id|\w+\.(?:profile_id|user_id|referred_id|referrer_id))"
# What a guard looks like, and what is put in its place.
PATTERNS = [
    (rf"\b\w+\.(?:profile_id|referred_id|referrer_id|id) = {_PERSON}\b", "true"),
    (r"\bo\.owner_id = v_profile_id::text", "true"),
    (r"\bstarts_with\([^)]*v_profile_id::text[^)]*\)", "true"),
    (r"\bprivate\.signed_in_profile\(\)", "auth.uid()"),
    (r"\bprivate\.lock_caller\(\)", "auth.uid()"),
    (r"\bprivate\.lock_caller\(\)", "private.signed_in_profile()"),
    (r"\bprivate\.lock_caller\(\(", "coalesce(auth.uid(), ("),
    (r"\bperform private\.check_\w+\([^;]*\);", "null;"),
    (r"\bp\.deleted_at is null\b", "true"),
    (r"\bnot private\.is_confirmed\(v_profile_id\)", "false"),
    (r"\bif not exists \(", "if false and not exists ("),
]


def guards(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield each function without one of its guards: what was done, and the statement that does it.

    A guard that stands in a function more than once is called by its number too.
    """
    found = {row["name"]: row for row in connection.execute(FUNCTIONS).fetchall()}
    for name in sorted(_reachable({name: row["body"] for name, row in found.items()}, found)):
        row = found[name]
        seen: Counter[str] = Counter()
        for pattern, instead in PATTERNS:
            for match in re.finditer(pattern, row["body"]):
                body = row["body"][: match.start()] + instead + row["body"][match.end() :]
                change = f"{name}: {' '.join(match[0].split())} -> {instead}"
                seen[change] += 1
                number = f" ({seen[change]})" if seen[change] > 1 else ""
                yield change + number, row["definition"].replace(row["body"], body)


def _reachable(bodies: dict[str, str], found: dict[str, dict[str, object]]) -> set[str]:
    reached: set[str] = set()
    waiting = [name for name in bodies if found[name]["is_open"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [called for called in CALLED.findall(bodies[name]) if called in bodies]
    return reached
