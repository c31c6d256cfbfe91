"""In this folder people are in the database, and have tokens, without Auth's own work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from local_stack.stack import Stack
from tests.support import database
from tests.support.rest import Caller
from tests.support.security.http_world import claims_of, signed


@pytest.fixture(scope="module")
def stack_database(stack: Stack) -> Iterator[database.Database]:
    """Yield the stack's database."""
    with closing(database.Database(stack.db_url)) as opened:
        yield opened


@pytest.fixture
def sign_up(
    stack: Stack, stack_database: database.Database, opened: ExitStack
) -> Callable[..., Caller]:
    """Sign people up as Auth does, but for hashing a password: 0.1 s, two people a test."""

    def make(data: Any = None) -> Caller:
        user_id = database.sign_up(stack_database, data=data)
        caller = Caller.anonymous(stack.api_url, stack.keys.publishable_key)
        opened.callback(caller.http.close)
        claims = claims_of(stack, user_id) | {"email": f"{user_id}@example.com"}
        caller.http.headers["authorization"] = f"Bearer {signed(stack, claims)}"
        return Caller(caller.http, str(user_id))

    return make
