"""From the feed's thread to those who listen: queues for iterators, a dispatcher for callbacks."""

import asyncio
import inspect
import logging
import threading
import weakref
from collections.abc import Callable
from typing import Any

from fastbinance._io.queues import EVENT_CAPACITY, EventQueue
from fastbinance.errors import ConfigurationError
from fastbinance.events import EVENT_KINDS, Event, EventKind

__all__ = ["EVENT_CAPACITY", "Callback", "EventHub", "EventQueue", "check_callback"]

logger = logging.getLogger("fastbinance")

Callback = Callable[[Event], object]


def _is_message_of(event: Event, only: tuple[str, str]) -> bool:
    ws_key, name = only
    if event.kind == "exception":
        # A refusal: nothing comes after it. What does not fit its struct comes raw, its error to the others.
        return event.ws_key == ws_key and name in event.streams
    return event.kind != "drift" and (event.ws_key, event.stream) == only


def check_callback(callback: Any, iterable: str) -> None:
    """Refuse what cannot be called, and what nobody would await; `iterable` is for who wants to.

    Raises
    ------
    ConfigurationError
        It is no plain function of one event.
    """
    # An object may be awaitable too, by its __call__.
    if not callable(callback) or any(map(inspect.iscoroutinefunction, (callback, type(callback).__call__))):
        raise ConfigurationError(
            f"a callback is a plain function of one event, not {callback!r}; iterate {iterable} to await"
        )


class EventHub:
    """Hands every event to each queue and to the callbacks of its kind.

    Parameters
    ----------
    loop
        Where callbacks run: on this event loop, each after the code that published the event has returned.
        None: on a thread of their own, started with the first callback, never on the feed's.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.callback_errors = 0
        self._loop = loop
        # Reentrant: a finalizer that closes may run on a thread that holds it.
        self._lock = threading.RLock()
        # Replaced as a whole when changed, so that publish() reads them without the lock.
        # Weak: a queue that its consumer has dropped is nobody's any more.
        self._queues: tuple[weakref.ref[EventQueue], ...] = ()
        self._callbacks: dict[str, tuple[Callback, ...]] = {}
        self._backlog = EventQueue()
        self._thread: threading.Thread | None = None
        self._scheduled = False
        self._closed = False
        self._abandoned = False
        #: Called on any thread when somebody begins to listen, or ends.
        self.on_change: Callable[[], object] | None = None

    def _changed(self) -> None:
        if self.on_change is not None and not self._closed:
            self.on_change()

    @property
    def lost(self) -> int:
        """Events that callbacks never saw because they were too slow."""
        return self._backlog.lost + (len(self._backlog) if self._abandoned else 0)

    def publish(self, event: Event) -> None:
        """Hand out an event; called on the feed's thread, which is the loop's where there is a loop."""
        for kept in self._queues:
            queue = kept()
            if queue is not None and (queue.only is None or _is_message_of(event, queue.only)):
                queue.put(event)
        if event.kind not in self._callbacks:
            return
        self._backlog.put(event)
        if self._loop is not None and not self._scheduled and not self._closed:
            self._scheduled = True
            self._loop.call_soon(self._drain)

    def hears(self, kind: EventKind) -> bool:
        """Tell whether anybody wants events of a kind; those of a stream's messages are not asked for so."""
        if kind in self._callbacks:
            return True
        # Asked for each answer of the WebSocket API, mostly without any queue: a loop costs less than any().
        for kept in self._queues:
            queue = kept()
            if queue is not None and queue.only is None:
                return True
        return False

    def listeners(self) -> tuple[bool, frozenset[str], frozenset[tuple[str, str]]]:
        """Return whether anybody wants all events, and else of which kinds and of which streams."""
        only = [queue.only for kept in self._queues if (queue := kept()) is not None]
        streams = frozenset(one for one in only if one is not None)
        return None in only, frozenset(self._callbacks), streams

    def listen(self, capacity: int = EVENT_CAPACITY, only: tuple[str, str] | None = None) -> EventQueue:
        """Return a new queue that gets every event from now on, or only the messages of one stream."""
        queue = EventQueue(capacity, only)
        with self._lock:
            # Those that were dropped go here: a callback of the garbage collector, which comes at any
            # place, could not take the lock.
            alive = tuple(kept for kept in self._queues if kept() is not None)
            weak = weakref.ref(queue)
            self._queues = (*alive, weak)
            queue.on_close = lambda: self._forget(weak)
        self._changed()
        if self._closed:  # looked at last: close() may have come in between, and not have seen it
            queue.close()
        return queue

    def end(self, ws_key: str, stream: str) -> None:
        """Close the queues of one stream: nobody subscribes to it any more."""
        for kept in self._queues:
            queue = kept()
            if queue is not None and queue.only == (ws_key, stream):
                queue.close()

    def _forget(self, weak: "weakref.ref[EventQueue]") -> None:
        # With the lock: another thread may be in listen(), and its new queue must not be lost.
        with self._lock:
            self._queues = tuple(kept for kept in self._queues if kept is not weak)
        self._changed()

    def on(self, kind: EventKind, callback: Callback) -> Callable[[], None]:
        """Call back for each event of a kind; the returned function ends it.

        An exception in a callback is logged and counted in `callback_errors`; the next event still comes.

        Raises
        ------
        ConfigurationError
            No such kind, or the callback is a coroutine function, which nobody would await.
        """
        if kind not in EVENT_KINDS:
            raise ConfigurationError(f"{kind!r} is no kind of event; there are {', '.join(EVENT_KINDS)}")
        check_callback(callback, "events()")
        with self._lock:
            if not self._closed:
                self._callbacks = {**self._callbacks, kind: (*self._callbacks.get(kind, ()), callback)}
                if self._loop is None and self._thread is None:
                    self._thread = threading.Thread(
                        target=self._serve, name="fastbinance-callbacks", daemon=True
                    )
                    self._thread.start()
        self._changed()
        return lambda: self._off(kind, callback)

    def close(self, timeout: float | None = 1.0) -> None:
        """End all queues; callbacks get what was published before, for at most `timeout` seconds.

        Any number of times, also from a callback: each call waits, but for itself. What callbacks have not
        taken when time is up is `lost`. None waits for nobody, and gives them the time that they need. Where
        they run on a loop, call it on that loop's thread.
        """
        with self._lock:
            self._closed = True
            queues, self._queues = self._queues, ()
        for kept in queues:
            queue = kept()
            if queue is not None:
                queue.close()
        self._backlog.close()
        if self._loop is not None:
            self._drain()
        elif self._thread not in (None, threading.current_thread()) and timeout is not None:
            self._thread.join(timeout)
            # A callback that does not return cannot be ended; but after it there are no others.
            self._abandoned = self._thread.is_alive()

    def forget(self) -> None:
        """Be closed, in a child process that has a copy of everything but the threads."""
        # New ones: a thread that is not here may hold those there are.
        self._lock = threading.RLock()
        self._thread = None
        self._closed = True
        queues, self._queues = (*(kept() for kept in self._queues), self._backlog), ()
        for queue in queues:
            if queue is not None:
                queue._abandon()

    def _off(self, kind: EventKind, callback: Callback) -> None:
        with self._lock:
            kept = list(self._callbacks.get(kind, ()))
            if callback in kept:
                kept.remove(callback)
            callbacks = {**self._callbacks, kind: tuple(kept)}
            if not kept:
                del callbacks[kind]
            self._callbacks = callbacks
        self._changed()

    def _serve(self) -> None:
        for event in self._backlog:
            self._call(event)
            if self._abandoned:
                return

    def _drain(self) -> None:
        self._scheduled = False
        # Only what is here now: callbacks that cause events must not keep the loop from its sockets.
        for _ in range(len(self._backlog)):
            event = self._backlog.get(0.0)
            if event is None:
                return
            self._call(event)

    def _call(self, event: Event) -> None:
        for callback in self._callbacks.get(event.kind, ()):
            try:
                callback(event)
            except Exception:
                self.callback_errors += 1
                logger.exception("a callback for %r events failed", event.kind)
