"""RFC 6455 at the message layer: exact bytes over a socket, through a session and its picows to the ring."""

import tracemalloc

import pytest
from support.frames import book_ticker
from support.raw import CLOSE, PING, PONG, TEXT, RawPeer, Sent, close, frame
from support.rfc6455 import CASES, STREAM, Case
from support.waiting import Changes

from fastbinance._core.feed import Feed
from fastbinance._core.ring import RingBase
from fastbinance._io.options import ConnectionOptions
from fastbinance._io.session import Session
from fastbinance.streams import Kind

# Behind what a case sends: read where the connection lives on, and nothing where it does not.
LAST_ID = 999_999
LAST = frame(TEXT, book_ticker(LAST_ID))


class Owner:
    """Keeps what a session tells it."""

    def __init__(self, changed):
        self.changed = changed
        self.controls = []
        self.messages = []
        self.rejects = []
        self.pings = 0
        self.ends = []

    def opened(self, session):
        self.changed()

    def control(self, payload, recv_ns):
        self.controls.append(payload)

    def message(self, stream, payload, recv_ns):
        self.messages.append(payload)

    def rejected(self, reject):
        self.rejects.append(reject)

    def pinged(self):
        self.pings += 1

    def lost(self, session, close_code, reason):
        self.ends.append((close_code, reason))
        self.changed()


class Client:
    """A session with a feed and a bookTicker ring, as a connection makes them."""

    def __init__(self, capacity=4096):
        self.owner = Owner(Changes())
        self.session = Session(self.owner)
        self.ring = RingBase(int(Kind.BOOK_TICKER), STREAM, "main", "BTCUSDT", capacity=capacity)
        self.feed = Feed(self.session, "main")
        self.feed.add_route(STREAM, self.ring)
        self.session.feed = self.feed

    async def dial(self, peer):
        await self.session.dial(peer.url, ConnectionOptions(handshake_timeout=10.0))

    @property
    def socket(self):
        return self.session.transport.underlying_transport.get_extra_info("socket")

    @property
    def ids(self):
        return tuple(int(self.ring.at(i).update_id) for i in range(self.ring.cursor + 1))


def without_reason(sent: Sent) -> Sent:
    """Return a frame of ours; of a CLOSE the code alone, because picows adds words of its own."""
    return sent._replace(payload=sent.payload[:2]) if sent.opcode == CLOSE else sent


def sent_by_us(case: Case) -> list[Sent]:
    code = case.answer if case.fails is None else case.fails
    ours = [Sent(PONG, payload) for payload in case.pongs]
    return [*ours, Sent(CLOSE, code.to_bytes(2, "big"))] if code else ours


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_what_a_server_sends_becomes_what_the_rfc_says(case):
    client = Client()
    goes_on = case.fails is None and not case.ends
    async with RawPeer() as peer:
        await client.dial(peer)
        if case.apart:
            await peer.write_apart(case.sends, client.socket)
            await peer.write(LAST if goes_on else b"")
        else:
            # In one segment, so that there is something behind a fault already when it is seen.
            await peer.write(case.sends + (LAST if case.answer else b""))
        if goes_on:
            await peer.write(close(1000))
        elif not case.answer:
            await peer.end()
        sent = await peer.sent()
        await client.session.over()
    assert [without_reason(sent_frame) for sent_frame in sent] == sent_by_us(case)
    assert client.ids == ((*case.records, LAST_ID) if goes_on else case.records)
    assert tuple(client.owner.controls) == case.controls
    assert tuple(client.owner.messages) == case.messages
    assert tuple(reject.code for reject in client.owner.rejects) == case.rejects
    assert client.feed.rejected == len(case.rejects)
    assert client.owner.pings == len(case.pongs)
    assert len(client.owner.ends) == 1
    assert client.session.close_code == (1000 if goes_on else case.told)
    assert case.reason in client.session.reason
    assert bool(client.session.reason) == bool(case.reason)


def test_every_case_has_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES) > 50


async def test_frames_in_the_segment_of_the_handshake_are_read():
    client = Client()
    async with RawPeer(greeting=frame(PING, b"hi") + LAST + close(1000)) as peer:
        await client.dial(peer)
        sent = await peer.sent()
        await client.session.over()
    assert sent == [Sent(PONG, b"hi"), Sent(CLOSE, b"\x03\xe8")]
    assert client.ids == (LAST_ID,)


@pytest.mark.parametrize(
    "fault",
    [close(999), close(1000, b"\xff"), frame(TEXT, b"x", length=(32 << 20) + 1), frame(3)],
    ids=["close code", "close reason", "too long", "opcode"],
)
async def test_what_comes_after_our_close_is_not_read(fault):
    client = Client()
    async with RawPeer() as peer:
        await client.dial(peer)
        await peer.write(fault)
        await peer.closed_by_client()
        # picows reads on for 10 ms: whether these arrive within them or not, nothing may come of them.
        await peer.write(LAST + LAST)
        await peer.write(frame(PING, b"late") + LAST)
        assert await peer.sent() == []
        await client.session.over()
    assert client.ids == ()
    assert client.owner.pings == 0


async def test_a_length_that_is_only_declared_takes_no_memory():
    client = Client()
    async with RawPeer() as peer:
        await client.dial(peer)
        tracemalloc.start()
        try:
            await peer.write(frame(TEXT, b"x", length=32 << 20))
            await peer.read_by(client.socket)
            _, largest = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        await peer.end()
        await client.session.over()
    assert largest < 1 << 20
    assert client.owner.ends == [(None, "")]


async def test_a_reset_is_an_end_without_a_word():
    client = Client()
    async with RawPeer() as peer:
        await client.dial(peer)
        await peer.write(LAST)
        await peer.read_by(client.socket)
        await peer.end(reset=True)
        await client.session.over()
    assert client.ids == (LAST_ID,)
    assert client.owner.ends == [(None, "")]


async def test_a_close_of_ours_is_not_a_fault_and_what_comes_before_the_answer_is_read():
    client = Client()
    async with RawPeer() as peer:
        await client.dial(peer)
        client.session.say_goodbye()
        assert await peer.closed_by_client() == Sent(CLOSE, b"\x03\xe8")
        await peer.write(LAST + frame(PING, b"late") + close(1000))
        assert await peer.sent() == []
        await client.session.over()
    assert client.ids == (LAST_ID,)
    assert client.owner.ends == [(1000, "")]
