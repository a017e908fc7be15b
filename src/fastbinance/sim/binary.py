"""SBE events on their way to subscribers: trades of a moment share a frame, stale quotes are dropped."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from fastbinance.sim.channels import Channel
from fastbinance.sim.events import BookTickerEvent, TradeEvent
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.sbe import BinaryEvent, binary_payload

__all__ = ["BinaryOutbox"]

Key = TypeVar("Key")


class _Held:
    __slots__ = ("channel", "events", "instrument")

    def __init__(self, instrument: Instrument, channel: Channel, event: BinaryEvent) -> None:
        self.instrument = instrument
        self.channel = channel
        self.events: list[BinaryEvent] = [event]

    def payload(self) -> bytes:
        return binary_payload(self.instrument, self.channel, self.events)


class BinaryOutbox(Generic[Key]):
    """Holds the events of one step by stream, until a frame is complete."""

    def __init__(self) -> None:
        self._held: dict[Key, _Held] = {}

    def take(self, key: Key, instrument: Instrument, channel: Channel, event: BinaryEvent) -> Iterator[bytes]:
        """Take an event of a stream, and give the payloads that are complete with it."""
        held = self._held.get(key)
        if isinstance(event, BookTickerEvent):
            # Binance culls its stream: only the newest of a symbol leaves the step.
            self._held[key] = _Held(instrument, channel, event)
        elif not isinstance(event, TradeEvent):
            yield binary_payload(instrument, channel, (event,))
        elif held is not None and held.events[0].time_ms == event.time_ms:
            held.events.append(event)
        else:
            if held is not None:
                yield held.payload()
            self._held[key] = _Held(instrument, channel, event)

    def release(self) -> Iterator[tuple[Key, bytes]]:
        """Give what is still held, by stream: the step is over."""
        held, self._held = self._held, {}
        for key, one in held.items():
            yield key, one.payload()
