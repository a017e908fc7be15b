"""Looking names up: beside the loop, once for everybody who asks, and never in the way of an end."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from fastbinance._io.resolver import look_up

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]


class SlowResolver:
    """A resolver that answers when the test says so."""

    def __init__(self) -> None:
        self.answer = threading.Event()
        self.asked: list[tuple[str, int]] = []
        self.error: Exception | None = None

    def getaddrinfo(self, host: str, port: int, *_: object, **__: object) -> list[object]:
        """Stand in for `socket.getaddrinfo`."""
        self.asked.append((host, port))
        assert self.answer.wait(20)
        if self.error is not None:
            raise self.error
        return [*FOUND]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowResolver]:
    """Ask a slow resolver instead of the system's; it has answered everything at the end."""
    slow = SlowResolver()
    monkeypatch.setattr(socket, "getaddrinfo", slow.getaddrinfo)
    yield slow
    slow.answer.set()
    for thread in lookups():
        thread.join(20)
        assert not thread.is_alive()


def lookups() -> list[threading.Thread]:
    """Return the threads that ask."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("lookup of ")]


async def test_a_question_that_is_on_its_way_is_not_asked_twice(resolver: SlowResolver) -> None:
    asking = [asyncio.create_task(look_up("one.test", 443)) for _ in range(300)]
    asking.append(asyncio.create_task(look_up("two.test", 443)))
    await asyncio.sleep(0)
    assert len(lookups()) == 2
    resolver.answer.set()
    assert await asyncio.gather(*asking) == [FOUND] * 301
    assert sorted(resolver.asked) == [("one.test", 443), ("two.test", 443)]


async def test_every_question_after_an_answer_is_asked_afresh(resolver: SlowResolver) -> None:
    resolver.answer.set()
    for _ in range(2):
        assert await look_up("one.test", 443) == FOUND
    assert resolver.asked == [("one.test", 443)] * 2


async def test_an_error_reaches_everybody_who_asks(resolver: SlowResolver) -> None:
    resolver.error = socket.gaierror(socket.EAI_AGAIN, "Temporary failure")
    asking = [asyncio.create_task(look_up("one.test", 443)) for _ in range(2)]
    await asyncio.sleep(0)
    resolver.answer.set()
    assert await asyncio.gather(*asking, return_exceptions=True) == [resolver.error] * 2


async def test_who_gives_up_takes_the_answer_from_nobody_else(resolver: SlowResolver) -> None:
    gone, staying = (asyncio.create_task(look_up("one.test", 443)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    resolver.answer.set()
    assert await staying == FOUND
    assert gone.cancelled()


def test_a_loop_ends_while_its_question_hangs(resolver: SlowResolver) -> None:
    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await look_up("one.test", 443)

    asyncio.run(give_up())
    (thread,) = lookups()  # still asking, and nobody waits for it
    assert thread.daemon
    resolver.answer.set()
    thread.join(20)  # an exception in it would fail the test
    assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # that it has threads is the point
def test_a_child_process_asks_by_itself_what_its_parent_still_asks(resolver: SlowResolver) -> None:
    async def give_up() -> None:
        asyncio.get_running_loop().call_soon(asking.cancel)
        await asyncio.wait([asking])

    with asyncio.Runner() as runner:
        asking = runner.get_loop().create_task(look_up("one.test", 443))
        runner.run(give_up())
        child = os.fork()
        if child == 0:
            resolver.answer.set()
            answered = asyncio.run(look_up("one.test", 443)) == FOUND
            os._exit(0 if answered else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
