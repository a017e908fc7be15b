"""A scripted peer and connections to it, on loopback."""

import asyncio
from random import Random

import pytest_asyncio
from support.feed import ListRing, PythonFeed
from support.server import ScriptedServer
from support.waiting import Changes

from fastbinance._io.group import Group
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.pool import Pool
from fastbinance._io.wishes import Wish, WishState
from fastbinance._protocol.lifecycle import State
from fastbinance.keys import WsKey
from fastbinance.streams import parse

# Short enough that a test with a few retries is quick; the delays themselves are tested without a network.
QUICK = {"backoff_base": 0.02, "backoff_cap": 0.02}


class OneLine(Group):
    """A group of one line, whose connection can be looked at."""

    @property
    def line(self):
        return self.shard.current[0]

    @property
    def connection(self):
        return self._lines[self.line]

    @property
    def state(self):
        return self.line.state

    @property
    def trouble(self):
        return self.connection.trouble

    def stats(self):
        return super().stats()[0]


class World:
    """One peer, and what a test makes to talk to it; everything that happens wakes `until`."""

    def __init__(self, changed, server):
        self.changed = changed
        self.server = server
        self.events = []
        self.until = changed.until
        self.feeds = []
        self._made = []

    def emit(self, event):
        self.events.append(event)
        self.changed()

    def kinds(self, *without):
        return [event.kind for event in self.events if event.kind not in without]

    def of_kind(self, kind):
        return [event for event in self.events if event.kind == kind]

    def make_feed(self, handler, ws_key, line):
        self.feeds.append(PythonFeed(handler, ws_key, line, self.changed))
        return self.feeds[-1]

    def connection(self, url=None, ws_key=WsKey.MAIN, budget=None, **options):
        made = OneLine(
            ws_key,
            (f"{self.server.url}/stream" if url is None else url,),
            feed_factory=self.make_feed,
            emit=self.emit,
            budget=ConnectBudget() if budget is None else budget,
            options=ConnectionOptions(**{**QUICK, **options}),
            rng=Random(1),
        )
        self._made.append(made)
        return made

    def pool(self, *, budget=None, urls=None, env="prod", **options):
        made = Pool(
            feed_factory=self.make_feed,
            emit=self.emit,
            env=env,
            urls=dict.fromkeys(WsKey, self.server.url) if urls is None else urls,
            options=ConnectionOptions(**{**QUICK, **options}),
            budget=budget,
            on_sample=self.changed,
            rng=Random(1),
        )
        self._made.append(made)
        return made

    def wish(self, name="btcusdt@bookTicker", ring=None, ws_key=WsKey.MAIN):
        made = Wish(parse(name, "spot", strict=False), ws_key, ring)
        made.watch(self.changed)
        return made

    async def up(self, *names, **options):
        """Return a running connection with confirmed wishes, each with a ring."""
        connection = self.connection(**options)
        wishes = [self.wish(name, ListRing(self.changed)) for name in names]
        for wish in wishes:
            connection.want(wish)
        connection.start()
        await self.until(
            lambda: connection.state is State.LIVE
            and all(wish.state is WishState.CONFIRMED for wish in wishes)
        )
        return connection, wishes

    async def close(self):
        for made in self._made:
            await made.close()


@pytest_asyncio.fixture
async def changed():
    return Changes()


@pytest_asyncio.fixture
async def world(changed):
    before = asyncio.all_tasks()
    async with ScriptedServer(changed) as server:
        world = World(changed, server)
        yield world
        await world.close()
    # Whatever a test did, nothing of ours may be left on the loop.
    left = [task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()]
    assert not [task for task in left if "fastbinance" in task.get_name()]
