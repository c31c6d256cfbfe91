"""People who call the stack over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from local_stack.stack import Stack
from tests.support.rest import Caller


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Close every connection that the test opened."""
    with ExitStack() as closing:
        yield closing


@pytest.fixture
def sign_up(stack: Stack, opened: ExitStack) -> Callable[..., Caller]:
    """Sign people up."""

    def make(data: Any = None) -> Caller:
        caller = Caller.sign_up(stack.api_url, stack.keys.publishable_key, data)
        opened.callback(caller.http.close)
        return caller

    return make


@pytest.fixture
def ana(sign_up: Callable[..., Caller]) -> Caller:
    """Sign Ana up."""
    return sign_up()


@pytest.fixture
def ben(sign_up: Callable[..., Caller]) -> Caller:
    """Sign Ben up."""
    return sign_up()


@pytest.fixture
def nobody(stack: Stack, opened: ExitStack) -> Caller:
    """Return somebody who has only the public key."""
    caller = Caller.anonymous(stack.api_url, stack.keys.publishable_key)
    opened.callback(caller.http.close)
    return caller
