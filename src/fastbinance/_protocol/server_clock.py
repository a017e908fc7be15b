"""What Binance's clock shows, as an interval that holds it: from the times around requests and in answers."""

from math import inf, isfinite
from typing import Final

__all__ = ["ServerClock"]

# Milliseconds by which two clocks may part in one: twice what an undisciplined quartz does, and what a clock
# that is being slewed by NTP's daemon may do.
_DRIFT: Final = 0.0005
# A clock that jumps by less than this is left to the measurements.
_STEP_MS: Final = 50.0
# Binance refuses what is a second or more ahead of it; a little is kept back.
_AHEAD_MS: Final = 950.0
# When to measure again: after so long, and sooner while so much is uncertain.
_REFRESH_MS: Final = 300_000.0
_POOR_MS: Final = 250.0
_POOR_REFRESH_MS: Final = 15_000.0
# Later than the year 5000, so microseconds or nonsense.
_ABSURD_MS: Final = 1e14


class ServerClock:
    """The offset of Binance's clock from ours, with its bounds, and the timestamps made of it.

    It is told our wall clock in milliseconds since 1970, and asks none itself. Every sample bounds the offset
    from both sides, whatever the delays were like: the server read its clock after the request had been sent
    and before the answer was received. The intervals are intersected, each widened by what clocks drift; so
    the shortest round trip of recent times counts, and two long ones that were late in opposite directions
    are as good. A sample that contradicts the others means that a clock was set, and starts anew.

    For one thread. The offset is what is added to our clock to get the server's.

    Attributes
    ----------
    steps
        How many times one of the two clocks was noticed to have been set.
    """

    __slots__ = (
        "_apart", "_apart_at", "_at", "_by_hand", "_high", "_low", "_offset", "_plain_until", "steps",
    )  # fmt: skip

    def __init__(self) -> None:
        self._offset = 0.0  # a guess until the first sample: machines that trade keep their clocks right
        self._low, self._high = -inf, inf  # of the offset, at the time _at
        self._at = -inf
        self._by_hand = False
        self._apart: float | None = None  # our wall clock minus our monotonic one, and when
        self._apart_at = 0.0
        self.steps = 0
        # Until this time our clock plus offset is the timestamp; later, the bounds are too wide for that.
        self._plain_until = inf

    # -- what is known

    @property
    def offset_ms(self) -> float:
        """What is added to our clock: set by hand, or the middle of what is possible, or the last guess."""
        return self._offset

    @property
    def error_ms(self) -> float:
        """How wrong the measured offset may have been at the newest sample; inf when nothing is measured.

        After one sample it is half its round trip, and half a millisecond for Binance's rounding down.
        """
        return (self._high - self._low) / 2.0

    @property
    def by_hand(self) -> bool:
        """Whether the offset is one that was set."""
        return self._by_hand

    @property
    def measured(self) -> bool:
        """Whether there is a sample that is trusted."""
        return self._high < inf

    def timestamp(self, local_ms: float) -> int:
        """Return the timestamp for a request that is sent now, in milliseconds.

        It is never a second ahead of the server, as far as the bounds tell: where they are wide, it is taken
        back until it is not. An offset set by hand is used as it is.
        """
        if local_ms <= self._plain_until:
            return int(local_ms + self._offset)
        return int(local_ms + self._offset - (self._error_at(local_ms) - _AHEAD_MS))

    def earliest_ms(self, local_ms: float) -> float:
        """Return a time that the server's clock has reached for certain; -inf when nothing is measured.

        From measurements alone, also where an offset was set by hand. Certain as long as `notice` is called
        before: a clock of ours that was set forward looks like time that passed.
        """
        if not self.measured or local_ms < self._at - _STEP_MS:
            return -inf
        return local_ms + self._low - _DRIFT * abs(local_ms - self._at)

    def reached_ms(self, local_ms: float) -> float:
        """Return a time that the server's clock has reached: for certain, or as far as is known.

        What happens there from now on does not bear an earlier one.
        """
        earliest = self.earliest_ms(local_ms)
        return earliest if isfinite(earliest) else float(self.timestamp(local_ms))

    def wants_refresh(self, local_ms: float) -> bool:
        """Say whether the server's time should be asked for, rather now than later.

        It stays true until there is a sample, so whoever asks has one request for it under way at a time.
        """
        if self._by_hand:
            return False
        age = local_ms - self._at
        if not self.measured or age < -_STEP_MS or age > _REFRESH_MS:
            return True
        return age > _POOR_REFRESH_MS and self._error_at(local_ms) > _POOR_MS

    # -- what it learns from

    def observe(self, sent_ms: float, received_ms: float, server_ms: float) -> bool:
        """Learn from an answer that tells the server's time; return whether anything could be learned.

        Parameters
        ----------
        sent_ms, received_ms
            Our wall clock before the request was sent and after the answer was received.
        server_ms
            Milliseconds since 1970 that the server read in between, rounded down to a whole one.
        """
        if not (isfinite(sent_ms) and isfinite(received_ms) and 0.0 < server_ms < _ABSURD_MS):
            return False
        if received_ms < sent_ms:
            # Our clock was set back in between. What it said before says nothing about what it says now.
            self._stepped()
            return False
        low, high = server_ms - received_ms, server_ms + 1.0 - sent_ms
        if self.measured:
            drifted = _DRIFT * abs(received_ms - self._at)
            before_low, before_high = self._low - drifted, self._high + drifted
            if before_low <= high and low <= before_high and received_ms >= self._at - _STEP_MS:
                low, high = max(low, before_low), min(high, before_high)
            else:
                apart = max(before_low - high, low - before_high, self._at - received_ms)
                self.steps += apart > _STEP_MS
        self._low, self._high, self._at = low, high, received_ms
        if not self._by_hand:
            self._use((low + high) / 2.0)
        return True

    def notice(self, local_ms: float, monotonic_ms: float) -> bool:
        """Compare our two clocks, both read now; return whether the wall clock was set, or the machine slept.

        Then nothing is trusted any more until the next sample. The clock that never goes back is needed for
        nothing else, and its zero may be anywhere.
        """
        apart, before = local_ms - monotonic_ms, self._apart
        elapsed = abs(monotonic_ms - self._apart_at)
        self._apart, self._apart_at = apart, monotonic_ms
        if before is None or abs(apart - before) <= _STEP_MS + _DRIFT * elapsed:
            return False
        self._stepped()
        return True

    def distrust(self) -> None:
        """Forget the samples: a timestamp was wrong, the server says. Their offset is used until the next."""
        self._low, self._high, self._at = -inf, inf, -inf
        if not self._by_hand:
            self._use(self._offset)

    def set(self, offset_ms: float | None) -> None:
        """Use an offset of the caller's from now on; None returns to the measured one.

        Raises
        ------
        ValueError
            Not a finite number.
        """
        if offset_ms is not None and not isfinite(offset_ms):
            raise ValueError(f"an offset is a number of milliseconds, not {offset_ms}")
        self._by_hand = offset_ms is not None
        if offset_ms is not None:
            self._offset = float(offset_ms)
            self._plain_until = inf
        else:
            self._use((self._low + self._high) / 2.0 if self.measured else 0.0)

    def _stepped(self) -> None:
        self.steps += 1
        self.distrust()

    def _use(self, offset: float) -> None:
        self._offset = offset
        self._plain_until = self._at + (_AHEAD_MS - self.error_ms) / _DRIFT if self.measured else inf

    def _error_at(self, local_ms: float) -> float:
        return self.error_ms + _DRIFT * abs(local_ms - self._at)
