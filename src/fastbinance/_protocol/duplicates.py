"""Which user events have come before: over another connection, or with an execution id that is known."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

__all__ = ["Duplicates"]

_MOST: Final = 8_192


class Duplicates:
    """Tells what has come before, of the newest few thousand events.

    An execution has an id, and comes once, whatever the connection. Anything else is taken for the same only
    where another source has brought the very same bytes: while one replaces the other both deliver, and
    one source may well say the same twice and mean it. Each copy on one answers one copy on the others:
    two equal events stay two, whichever connection is the first to bring either.

    Parameters
    ----------
    most
        How many events are remembered, of each sort.
    """

    def __init__(self, most: int = _MOST) -> None:
        self.dropped = 0
        self._most = most
        self._executions: OrderedDict[Hashable, None] = OrderedDict()
        # event -> how many copies of it came over each connection
        self._copies: OrderedDict[bytes, dict[Hashable, int]] = OrderedDict()

    def is_known(self, source: Hashable, execution: Hashable | None, event: bytes) -> bool:
        """Tell whether an event has come before, and remember it.

        Parameters
        ----------
        source
            What brings it: a connection, or one of the subscriptions on it.
        execution
            What names an execution; None for an event that is none.
        event
            Its bytes, without what differs between connections.
        """
        if execution is not None:
            known = execution in self._executions
            self._executions[execution] = None
            if len(self._executions) > self._most:
                self._executions.popitem(last=False)
        elif (copies := self._copies.get(event)) is None:
            known = False
            self._copies[event] = {source: 1}
            if len(self._copies) > self._most:
                self._copies.popitem(last=False)
        else:
            told = max(copies.values())
            copies[source] = copies.get(source, 0) + 1
            known = copies[source] <= told
        self.dropped += known
        return known
