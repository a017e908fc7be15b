"""Messages between two processes: whole and in order, however they come, and an end for what is none."""

import asyncio
import logging
import pickle
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest
from support.waiting import Changes

from fastbinance._feed.attach_messages import FROM_READER, GiveUp, Greeting, Want
from fastbinance._feed.channel import PICKLED, Channel, Codec, receive_descriptors, send_descriptors

LONGEST = 64 * 1024
PACKED = Codec(msgspec.msgpack.encode, msgspec.msgpack.Decoder(dict[str, int]).decode, LONGEST)


class End:
    """One end of a pair, and what it has taken."""

    def __init__(self, sock: socket.socket, **options: Any) -> None:
        self.taken: list[Any] = []
        self.ends = 0
        self.changes = Changes()
        self.then: Callable[[], object] = lambda: None  # done with each message
        self.channel = Channel(sock, self._take, self._end, **options)

    def _take(self, message: Any) -> None:
        assert self.ends == 0, "taken after the end"
        self.taken.append(message)
        self.then()
        self.changes()

    def _end(self) -> None:
        self.ends += 1
        self.changes()

    async def until_taken(self, count: int) -> list[Any]:
        await self.changes.until(lambda: len(self.taken) >= count)
        return self.taken

    async def until_over(self) -> None:
        await self.changes.until(lambda: self.ends)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends; a test closes what it needs to."""
    ours, its = socket.socketpair()
    with ours, its:
        its.settimeout(10)
        yield ours, its


Pair = tuple[socket.socket, socket.socket]


def play(scene: Callable[[], Awaitable[None]]) -> None:
    """Run a scene on a loop whose callbacks may not fail."""
    failures: list[dict[str, Any]] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        await scene()
        await asyncio.sleep(0)

    asyncio.run(run())
    assert failures == []


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_message_that_comes_byte_by_byte_is_one(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        frames = PACKED.frame({"a": 1}) + PACKED.frame({"b": 2})
        for at in range(len(frames)):
            its.sendall(frames[at : at + 1])
            await turns(2)
        assert await end.until_taken(2) == [{"a": 1}, {"b": 2}]
        end.channel.close()

    play(scene)


def test_many_messages_in_one_piece_are_taken_in_order(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        its.sendall(b"".join(PACKED.frame({"n": number}) for number in range(2_000)))
        assert await end.until_taken(2_000) == [{"n": number} for number in range(2_000)]
        end.channel.close()

    play(scene)


def test_what_is_longer_than_the_socket_takes_at_once_arrives_whole(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        sender, taker = End(ours), End(its)
        message = {"bytes": bytes(range(256)) * 16_384}
        sender.channel.send(message)
        sender.channel.send("after it")
        await sender.channel.drain()
        assert await taker.until_taken(2) == [message, "after it"]
        sender.channel.close()
        await taker.until_over()

    play(scene)


NONSENSE = [
    ("a length too long", (LONGEST + 1).to_bytes(4, "big")),
    ("a length of a page of text", b"GET / HTTP/1.1\r\n\r\n"),
    ("no msgpack", (5).to_bytes(4, "big") + b"\xc1\xc1\xc1\xc1\xc1"),
    ("msgpack cut short", (2).to_bytes(4, "big") + b"\x82\xa1"),
    ("an empty message", (0).to_bytes(4, "big")),
    ("another type", PACKED.frame(["a"])),
    ("another type inside", PACKED.frame({"a": "b"})),
    ("no UTF-8", (4).to_bytes(4, "big") + b"\x81\xa1\xff\x01"),
]


@pytest.mark.parametrize("nonsense", [each for _, each in NONSENSE], ids=[name for name, _ in NONSENSE])
def test_nonsense_ends_a_channel_after_what_came_before_it(
    pair: Pair, nonsense: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        its.sendall(PACKED.frame({"a": 1}) + nonsense + PACKED.frame({"never": 1}))
        await end.until_over()
        assert end.taken == [{"a": 1}]
        assert end.channel.is_over
        assert its.recv(1) == b""
        end.channel.send({"lost": 1})  # to nobody, and no error

    with caplog.at_level(logging.WARNING, "fastbinance"):
        play(scene)
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "an end of a channel sent what is no message"
    ]


BROKEN_PICKLES = [
    ("empty", b""),
    ("cut", pickle.dumps({"a": 1}, 5)[:-3]),
    ("no such module", b"cno_such_module\nThing\n."),
    ("no such name", b"cfastbinance\nThing\n."),
    ("an exception of its own", b"cbuiltins\nint\n(S'x'\ntR."),
    ("opcode unknown", b"\xff\xff\xff"),
]


@pytest.mark.parametrize("body", [each for _, each in BROKEN_PICKLES], ids=[n for n, _ in BROKEN_PICKLES])
def test_a_pickle_that_does_not_decode_ends_a_channel(pair: Pair, body: bytes) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours)
        its.sendall(PICKLED.frame("first") + len(body).to_bytes(4, "big") + body)
        await end.until_over()
        assert end.taken == ["first"]

    play(scene)


def test_what_is_nested_too_deeply_ends_a_channel(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=FROM_READER)
        body = b"\x83\xa4type\xa8Greeting\xa7version\xa11\xa1x" + b"\x91" * 50_000
        its.sendall(len(body).to_bytes(4, "big") + body)
        await end.until_over()
        assert end.taken == []

    play(scene)


def test_half_a_message_and_the_end_is_an_end(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        its.sendall(PACKED.frame({"a": 1}) + PACKED.frame({"b": 2})[:-1])
        its.close()
        await end.until_over()
        assert end.taken == [{"a": 1}]
        await turns()
        assert end.ends == 1

    play(scene)


def test_who_does_not_read_counts_as_gone_when_too_much_waits(pair: Pair) -> None:
    async def scene() -> None:
        ours, _ = pair
        end = End(ours, codec=PACKED, most_unsent=100_000)
        sent = 0
        while not end.channel.is_over:
            end.channel.send({"a" * 1_000: 1})
            sent += 1
            assert sent < 10_000
        assert sent > 100
        assert end.ends == 0  # told on the loop, never within a send
        await end.until_over()
        assert (end.ends, end.taken) == (1, [])

    play(scene)


def test_who_reads_in_time_is_not_gone_however_much_it_was_in_all(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        sender, taker = End(ours, codec=PACKED, most_unsent=100_000), End(its, codec=PACKED)
        for number in range(2_000):
            sender.channel.send({"a" * 1_000: number})
            if number % 50 == 49:
                await taker.until_taken(number + 1)
        assert len(taker.taken) == 2_000
        assert not sender.channel.is_over
        sender.channel.close()
        await taker.until_over()

    play(scene)


def test_wait_for_keeps_what_came_before_and_after_in_order(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        its.sendall(b"".join(PACKED.frame({"n": number}) for number in range(6)))
        assert end.channel.wait_for(lambda message: message["n"] == 3, 10.0) == {"n": 3}
        assert end.taken == []
        its.sendall(PACKED.frame({"n": 6}))
        assert end.channel.wait_for(lambda message: message["n"] == 1, 10.0) == {"n": 1}
        assert [message["n"] for message in await end.until_taken(5)] == [0, 2, 4, 5, 6]
        end.channel.close()

    play(scene)


def test_wait_for_gives_up_in_time_and_loses_nothing(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        its.sendall(PACKED.frame({"n": 1}))
        assert end.channel.wait_for(lambda message: message["n"] == 2, 0.01) is None
        assert not end.channel.is_over
        assert await end.until_taken(1) == [{"n": 1}]
        end.channel.close()

    play(scene)


def test_wait_for_finds_what_came_right_before_the_end(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        its.sendall(PACKED.frame({"n": 1}) + PACKED.frame({"n": 2}) + NONSENSE[0][1])
        assert end.channel.wait_for(lambda message: message["n"] == 2, 10.0) == {"n": 2}
        await end.until_over()
        assert end.taken == [{"n": 1}]

    play(scene)


def test_wait_for_ends_with_the_other_end(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        its.sendall(PACKED.frame({"n": 1}))
        its.close()
        assert end.channel.wait_for(lambda message: message["n"] == 2, 600.0) is None
        assert end.channel.wait_for(lambda message: message["n"] == 2, 600.0) is None
        await end.until_over()
        assert end.taken == [{"n": 1}]

    play(scene)


def test_wait_for_sends_what_is_left_meanwhile(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        asks, answers = End(ours), End(its)
        asks.channel.send(b"x" * 4_000_000)
        loop = asyncio.get_running_loop()

        async def answer() -> None:
            await answers.until_taken(1)
            answers.channel.send("answer")

        # Both ends stand on one loop here: one turn of the other's for each look.
        task = loop.create_task(answer())
        while (found := asks.channel.wait_for(lambda message: message == "answer", 0.001)) is None:
            await asyncio.sleep(0)
        await task
        assert found == "answer"
        asks.channel.close()
        await answers.until_over()

    play(scene)


def test_close_takes_nothing_more_and_calls_nobody(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        end.then = end.channel.close
        its.sendall(PACKED.frame({"n": 1}) + PACKED.frame({"n": 2}) + PACKED.frame({"n": 3}))
        while not end.channel.is_over:
            await asyncio.sleep(0)
        await turns()
        assert (end.taken, end.ends) == ([{"n": 1}], 0)
        end.channel.close()

    play(scene)


def test_close_after_the_other_end_is_gone_calls_nobody(pair: Pair) -> None:
    async def scene() -> None:
        ours, its = pair
        end = End(ours, codec=PACKED)
        its.close()
        while not end.channel.is_over:
            end.channel.send({"n": 1})
        end.channel.close()
        await turns()
        assert end.ends == 0

    play(scene)


def test_messages_of_a_reader_are_what_they_say() -> None:
    for message in (Greeting("1"), Want(1, "btcusdt@trade", "spot", None, 8), GiveUp(1)):
        assert FROM_READER.decode(FROM_READER.frame(message)[4:]) == message


def test_descriptors_come_as_they_were_sent(pair: Pair) -> None:
    ours, its = pair
    send_descriptors(ours, [ours.fileno(), its.fileno()])
    with socket.socket(fileno=receive_descriptors(its)[0]) as again:
        again.sendall(b"?")
    assert its.recv(1) == b"?"


@pytest.mark.parametrize("head", [b"", b"\x02"], ids=["gone", "none"])
def test_no_descriptors_is_an_error(pair: Pair, head: bytes) -> None:
    ours, its = pair
    ours.sendall(head)
    ours.close()
    with pytest.raises(ConnectionError, match="no open files"):
        receive_descriptors(its)
