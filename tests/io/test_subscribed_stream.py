"""A subscription over the WebSocket API: what is asked on which link, and what nobody may see of it."""

import asyncio
from random import Random
from types import SimpleNamespace

import pytest

from fastbinance import Credentials, WsKey
from fastbinance._accounts import account_kind
from fastbinance._api import METHODS
from fastbinance._io import keyed_stream, subscribed_stream
from fastbinance._io.connection import UrlSecret
from fastbinance._io.keyed_stream import KeyedStream
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.subscribed_stream import SubscribedStream
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.server_clock import ServerClock
from fastbinance.answers import Subscription
from fastbinance.request_errors import RequestRejected

NOW_MS = 1_795_340_000_000
TOKEN = "a-listen-token-that-nobody-may-see"
SUBSCRIBED_ALREADY = -2035


class Service:
    """Takes what is asked on links, and answers when a test says so."""

    def __init__(self):
        self.desk = SimpleNamespace(
            is_logged_on=False, clock=SimpleNamespace(reached_ms=lambda wall_ms: NOW_MS)
        )
        self.asked = []
        self.waiting = []
        self.others = {}
        self.told_ended = []

    def subscribe(self, subscriber):
        pass

    def unsubscribe(self, subscriber):
        pass

    def release(self):
        pass

    def ended(self, link, subscription_id):
        self.told_ended.append((link, subscription_id))

    def ask_on(self, link, method, params, settle):
        self.asked.append((link, method.name.removeprefix("userDataStream."), params))
        self.waiting.append(settle)
        return True

    def answer(self, subscription_id=0, expiration_time=None):
        answer = Subscription(subscription_id=subscription_id, expiration_time=expiration_time)
        self.waiting.pop(0)(answer, None)

    def refuse(self, code):
        self.waiting.pop(0)(None, RequestRejected("mainWSAPI", "x", status=400, code=code, reason="no"))


class Rest:
    """Gives tokens."""

    def __init__(self, ends_ms):
        self.ends_ms = ends_ms

    async def call(self, *arguments, answer, **options):
        return answer(token=TOKEN, expiration_time=self.ends_ms)


def made(account="spot", *, ends_ms=None):
    """Give a stream that has begun, and the service that it is on."""
    service = Service()
    stream = SubscribedStream(
        account_kind(account, None), None, WsKey.MAIN_WS_API, Credentials("key", "secret"),
        lambda kind, **fields: None, service=service, rest=Rest(ends_ms), lookup=METHODS,
        backoff=Backoff(rng=Random(1)), reconciles=False,
    )  # fmt: skip
    stream.start()
    return stream, service


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


def shown():
    """Return what asyncio would show of what waits on this loop."""
    loop = asyncio.get_running_loop()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    return " ".join(repr(one) for one in (*loop._ready, *loop._scheduled, *tasks))


async def test_a_subscription_whose_answer_comes_after_the_end_is_ended_too():
    stream, service = made()
    stream.link_ready(1)
    await turns()
    stream.begin_close()
    service.answer(subscription_id=7)
    await turns()
    assert service.asked[1:] == [(1, "unsubscribe", {"subscriptionId": 7})]
    assert stream.state == "closed"
    service.answer()
    # Another stream of the account may have found it there meanwhile.
    assert service.told_ended == [(1, 7)]


@pytest.mark.parametrize("first", [1, 2])
async def test_an_end_that_is_told_on_both_links_ends_the_newer_one_and_is_heard_once(first):
    stream, service = made()
    heard = []
    stream.listen(heard.append, lambda: None)
    for link in (1, 2):
        stream.link_ready(link)
        await turns()
        service.answer()
    told = b'{"e":"eventStreamTerminated","E":5}'
    for link in (first, 3 - first):
        assert stream.take(link, 0, told, 1)
    await turns()
    assert [event.event for event in heard].count("eventStreamTerminated") == 1
    assert (stream.state, len(service.asked)) == ("interrupted", 3)
    service.answer(subscription_id=1)
    assert (stream.state, service.asked[2][0]) == ("live", 2)


async def test_a_subscription_that_is_refused_after_the_end_is_left_alone():
    stream, service = made()
    stream.link_ready(1)
    await turns()
    stream.begin_close()
    service.refuse(-1000)
    await turns()
    assert (len(service.asked), stream.state) == (1, "closed")


@pytest.mark.parametrize(
    ("with_token", "with_answer", "seconds"),
    [(600_000, None, 600), (600_000, 900_000, 900), (None, 900_000, 900)],
)
async def test_a_token_is_renewed_before_the_end_that_either_answer_tells(with_token, with_answer, seconds):
    stream, service = made("margin", ends_ms=None if with_token is None else NOW_MS + with_token)
    stream.link_ready(1)
    await turns()
    service.answer(expiration_time=None if with_answer is None else NOW_MS + with_answer)
    now = asyncio.get_running_loop().time()
    assert stream._session.next_at == pytest.approx(now + seconds - 60, abs=5)
    stream.begin_close()


async def test_a_token_is_in_nothing_that_waits_on_the_loop():
    stream, service = made("margin")
    stream.link_ready(1)
    seen = shown()
    while not service.asked:
        await turns(1)
        seen += shown()
    assert service.asked == [(1, "subscribe.listenToken", {"listenToken": TOKEN})]
    assert "subscribe.<locals>.ask()" in seen
    assert TOKEN not in seen
    stream.begin_close()


async def test_a_listen_key_is_in_nothing_that_waits_on_the_loop(world):
    key = "a-listen-key-that-nobody-may-see"
    stream = KeyedStream(
        account_kind("usdm", None), None, WsKey.USDM, Credentials("key", "secret"),
        lambda kind, **fields: None, url=f"{world.server.url}/ws", events=(), rest=Rest(None),
        backoff=Backoff(rng=Random(1)), feed_factory=world.make_feed, emit=world.emit,
        budget=ConnectBudget(), options=ConnectionOptions(), rng=Random(1), reconciles=False,
        clock=ServerClock(),
    )  # fmt: skip
    stream.open(key, False)
    seen = shown()
    while not world.server.clients:
        await turns(1)
        seen += shown()
    assert world.server.client.path == f"/ws/{key}"
    assert "KeyedStream._open()" in seen
    assert key not in seen
    await stream.close()


@pytest.mark.parametrize(
    "holder",
    [
        keyed_stream._Key("a-secret"),
        keyed_stream._Renewed("a-secret"),
        subscribed_stream._Token("a-secret"),
        UrlSecret("/a-secret", "a-secret"),
    ],
    ids=["key", "renewed key", "token", "of a URL"],
)
def test_what_holds_a_key_or_token_does_not_show_it(holder):
    assert "a-secret" not in f"{holder} {holder!r}"
