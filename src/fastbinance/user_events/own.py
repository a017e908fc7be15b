"""Events that are ours, not Binance's: whether anything may be missing. And what we have no class for."""

from typing import Any

import msgspec

from fastbinance.user_events.base import UserEvent

__all__ = ["UnknownEvent", "UserDataInterrupted", "UserDataReady"]


class UserDataReady(UserEvent, kw_only=True):
    """``user_data_ready``: events are known to come from here on.

    Attributes
    ----------
    again : bool
        Not for the first time.
    reconciled : bool
        What was missed has been found out and delivered. False: it has not, ask for orders and balances.
    """

    again: bool = False
    reconciled: bool = False


class UserDataInterrupted(UserEvent, kw_only=True):
    """``user_data_interrupted``: events may be missing from here on, until ``user_data_ready``.

    Attributes
    ----------
    reason : str
        Why, in words.
    """

    reason: str = ""


class UnknownEvent(UserEvent, kw_only=True):
    """An event that we have no class for; `payload` has it, `json` decodes it.

    `event_ms` is 0 where it does not say when it was made.
    """

    def json(self) -> Any:
        """Decode the payload, each time anew: decimals as the text they came in, integers exact.

        Raises
        ------
        ValueError
            There is no payload, or it is not JSON.
        """
        if self.payload is None:
            raise ValueError(f"event {self.event!r} has no payload")
        try:
            return msgspec.json.decode(self.payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"payload of event {self.event!r} is not JSON: {error}") from error
