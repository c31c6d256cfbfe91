"""Whatever names something: foreign, deleted or absent, the answer over HTTP is the same bytes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import pytest

from tests.support.database import Database, put_face, sign_up
from tests.support.files import add_face, storage_deletes
from tests.support.security.hostile.clients import NOBODY, words_of
from tests.support.security.hostile.shapes import functions
from tests.support.security.hostile.wire import Call
from tests.support.security.http_world import HttpWorld, token_of
from tests.support.security.populated import live

# Of a text, the name says that it names something.
NAMES = ("_id", "path", "code")
# What differs between any two answers.
PASSING = {"date", "connection", "keep-alive", "transfer-encoding"}
UUID_COLUMNS = """
select c.relname as relation, a.attname as column
from pg_class as c inner join pg_attribute as a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
    and a.attnum > 0 and not a.attisdropped and a.atttypid = 'uuid'::regtype
    and has_column_privilege('authenticated', c.oid, a.attnum, 'select')
order by 1, 2
"""
_NUMBERS = count(1)


@dataclass(frozen=True)
class Recipe:
    """What to name, what else to say, and what of one's own gets another answer."""

    strangers: tuple[str, ...]
    own: str
    more: dict[str, Any] = field(default_factory=dict)


FACES = ("~nobody.id~", "~owner.face~", "~gone.face~")
ASK = {"generation_type": "nonsense", "prompt": "a cat", "idempotency_key": "~nobody.id~"}
BUY = {"item_kind": "pack", "item_key": "nonsense"}
# Each stops after the thing was looked for, and before anything is written.
RECIPES = {
    ("add_user_image", "object_path"): Recipe(
        (
            *("~nobody.id~/face.png", "~owner.spare~", "~owner.path~", "~owner.id~/absent.png"),
            *("~gone.spare~", "~gone.path~", "~me.id~/absent.png", "~me.erased~"),
        ),
        "~me.spare~",
    ),
    ("apply_referral_code", "code"): Recipe(("22222222", "~gone.code~", "nonsense"), "~me.code~"),
    ("cancel_generation", "generation_id"): Recipe(
        ("~nobody.id~", "~owner.running~", "~gone.running~", "~owner.id~", "~me.face~"),
        "~me.running~",
    ),
    ("redeem_code", "code"): Recipe(("NONSENSE", "~ended.code~", "~later.code~"), "~good.code~"),
    ("remove_user_image", "id"): Recipe((*FACES, "~me.running~"), "~me.removed~"),
    ("request_generation", "user_image_id"): Recipe(
        (*FACES, "~me.removed~", "~me.lost~", "~me.expired~"),
        "~me.face~",
        ASK | {"generation_type": "thumbnail", "prompt": "again", "idempotency_key": "~me.fresh~"},
    ),
    ("request_generation", "idempotency_key"): Recipe(
        ("~nobody.id~", "~owner.key~", "~gone.key~"), "~me.key~", ASK
    ),
    ("start_checkout", "idempotency_key"): Recipe(
        ("~nobody.id~", "~owner.checkout_key~", "~gone.checkout_key~"), "~me.checkout_key~", BUY
    ),
    ("start_portal", "idempotency_key"): Recipe(
        ("~nobody.id~", "~owner.checkout_key~", "~gone.checkout_key~"), "~me.checkout_key~"
    ),
}


@dataclass(frozen=True)
class Asker:
    """Somebody who names things, their own and others'."""

    db: Database
    http: httpx.Client
    words: dict[str, str]

    def answer(self, function: str, recipe: Recipe, argument: str, value: str) -> tuple[Any, ...]:
        """Name something, and return all that is answered."""
        body = json.dumps(recipe.more | {argument: value}).encode()
        spoken = Call("POST", f"/rest/v1/rpc/{function}", body=body).spoken(self.words)
        # A wrong code is counted, and the count is not what is looked at here.
        self.db.rows("delete from private.code_failures where profile_id = %s", self.words["me.id"])
        answer = self.http.post(
            spoken.path, content=spoken.body, headers={"content-type": "application/json"}
        )
        return plain(answer)


def plain(answer: httpx.Response) -> tuple[Any, ...]:
    """Return status, headers and body, without what differs each time."""
    headers = sorted(one for one in answer.headers.multi_items() if one[0].lower() not in PASSING)
    return answer.status_code, headers, answer.content


def with_past(db: Database, *, is_anonymous: bool) -> dict[str, str]:
    """Sign somebody up who has removed a photo, lost one, and let one expire."""
    person = live(db, sign_up(db, is_anonymous=is_anonymous), f"asker-{next(_NUMBERS)}")
    # In a world that keeps three photos each, one after the other.
    removed = add_face(db, person.id, "removed.png")
    db.call(person.id, "select public.remove_user_image(%s)", removed)
    lost = add_face(db, person.id, "lost.png")
    erased = put_face(db, person.id, "erased.png")
    names = [erased, f"{person.id}/lost.png"]
    assert storage_deletes(db, {"bucket": "faces", "names": names})["removed"] == sorted(names)
    expired = add_face(db, person.id, "expired.png")
    db.rows(
        "update public.user_images set created_at = now() - interval '2 days',"
        " expires_at = now() - interval '1 day' where id = %s",
        expired,
    )
    more = {"removed": removed, "lost": lost, "expired": expired, "erased": erased}
    more |= {"fresh": uuid.uuid4()}
    return words_of("me", person) | {f"me.{name}": str(value) for name, value in more.items()}


@pytest.fixture(scope="module")
def askers(http_world: HttpWorld) -> Iterator[dict[str, Asker]]:
    """Yield people who ask, each with a client, and words for what is gone."""
    world, db = http_world.world, http_world.world.db
    gone = live(db, sign_up(db), f"gone-asker-{next(_NUMBERS)}")
    db.call(gone.id, "select public.delete_my_account('delete my account')")
    common = words_of("owner", world.owner) | words_of("gone", gone) | {"nobody.id": str(NOBODY)}
    for name, more in (("ended", ""), ("later", ", starts_at => '2100-01-01'"), ("good", "")):
        code = f"IDS{name.upper()}"
        db.value(f"select private.create_promo_code(%s, 5, 'ops', 'a test'{more})", code)
        common[f"{name}.code"] = code
    db.value(
        "select private.disable_promo_code(id, 'ops', 'a test') from private.promo_codes"
        " where code_hash = private.keyed_hash('IDSENDED')"
    )
    found = {}
    for who in ("other", "guest", "anon", "gone"):
        is_guest = who == "guest"
        mine = with_past(db, is_anonymous=is_guest)
        headers = {"apikey": http_world.stack.keys.publishable_key}
        if who != "anon":
            person = gone.id if who == "gone" else uuid.UUID(mine["me.id"])
            token = token_of(http_world.stack, person, is_anonymous=is_guest)
            headers["authorization"] = f"Bearer {token}"
        http = httpx.Client(base_url=http_world.stack.api_url, headers=headers, timeout=30)
        found[who] = Asker(db, http, common | mine)
    yield found
    for asker in found.values():
        asker.http.close()


def test_every_argument_that_names_something_is_tried(http_world: HttpWorld) -> None:
    naming = {
        (function.name, argument.name)
        for function in functions(http_world.world.db)
        for argument in function.arguments
        if argument.type == "uuid" or argument.name.endswith(NAMES)
    }
    assert naming == set(RECIPES)


@pytest.mark.parametrize(("function", "argument"), RECIPES, ids=lambda part: part)
def test_what_is_not_ones_own_gets_the_same_bytes(
    askers: dict[str, Asker], function: str, argument: str
) -> None:
    recipe = RECIPES[function, argument]
    for who in ("other", "guest"):
        answers = {
            value: askers[who].answer(function, recipe, argument, value)
            for value in recipe.strangers
        }
        first = answers[recipe.strangers[0]]
        assert first[0] in {403, 404}, first
        assert [value for value, answer in answers.items() if answer != first] == [], answers
        # The control: one's own is told apart; and a guest redeems nothing.
        own = askers[who].answer(function, recipe, argument, recipe.own)
        assert (own != first) is (first[0] == 404), own
    # Without an account, one's own is as good as anybody's.
    for who, status in (("anon", 401), ("gone", 401)):
        values = (*recipe.strangers, recipe.own)
        told = {repr(askers[who].answer(function, recipe, argument, value)) for value in values}
        assert len(told) == 1, told
        assert told.pop().startswith(f"({status},")


def test_rows_that_are_named_are_not_there_whoever_has_them(
    http_world: HttpWorld, askers: dict[str, Asker]
) -> None:
    asker = askers["other"]
    foreign = [asker.words[f"owner.{part}"] for part in ("id", "face", "running", "key")]
    deleted = [asker.words[f"gone.{part}"] for part in ("id", "face", "running", "key")]
    counted = {"prefer": "count=exact"}
    tried = seen = 0
    for row in http_world.world.db.rows(UUID_COLUMNS):
        relation, column = row["relation"], row["column"]
        theirs = http_world.world.db.rows(
            f"select {column} as value from public.{relation} as t"
            f" where t::text like %s and {column} is not null limit 3",
            f"%{asker.words['owner.id']}%",
        )
        values = [str(NOBODY), *foreign, *deleted, *(str(one["value"]) for one in theirs)]
        answers = set()
        for value in values:
            url = f"/rest/v1/{relation}?{column}=eq.{value}"
            # The address that was asked for is said again.
            said = repr(plain(asker.http.get(url, headers=counted)))
            answers.add(said.replace(value, "<id>"))
            tried += 1
        assert len(answers) == 1, (relation, column, answers)
        mine = asker.http.get(f"/rest/v1/{relation}?{column}=not.is.null", headers=counted)
        seen += mine.json() != []
    # The control: one's own rows are found by the same columns.
    assert tried > 200
    assert seen > 10
