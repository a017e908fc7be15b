"""What goes wrong with a stream of user data that is tried again: told once, and kept for who asks."""

import logging
import os
from collections.abc import Callable, Hashable
from typing import Any, Final

from fastbinance._accounts import AccountName
from fastbinance.errors import ConfigurationError, UserDataDelayed
from fastbinance.keys import WsKey
from fastbinance.request_errors import RequestError

__all__ = ["Troubles", "sentence_of"]

logger = logging.getLogger("fastbinance")

# Different refusals that are remembered: texts of Binance's may name times, and then each is another one.
_MOST: Final = 64


def sentence_of(error: Exception) -> str:
    """Return what an error says, without anything secret.

    Of what nobody foresaw that is its class and where it was raised: its text may hold what was sent.
    """
    if isinstance(error, (RequestError, ConfigurationError)):
        return str(error)
    place, traceback = "", error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = f" in {os.path.basename(code.co_filename)}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return f"unexpected {type(error).__name__}{place}"


class Troubles:
    """The failed attempts of one stream since it was last proven.

    Parameters
    ----------
    account, symbol, ws_key
        Which stream.
    report
        Makes an event of the client's own.

    Attributes
    ----------
    last : UserDataDelayed or None
        The newest; None since the proof, or since the next step towards it was reached.
    """

    def __init__(
        self, account: AccountName, symbol: str | None, ws_key: WsKey, report: Callable[..., None]
    ) -> None:
        self.last: UserDataDelayed | None = None
        self._facts = (account, symbol, str(ws_key))
        self._report = report
        self._told: set[Hashable] = set()

    def take(self, error: Exception) -> None:
        """Take why an attempt has failed which another one follows; tell it, unless the same was told."""
        sentence = sentence_of(error)
        code = getattr(error, "code", None)
        self.last = UserDataDelayed(*self._facts, code, sentence)
        key = _kind_of(error, sentence)
        if key in self._told:
            return
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told.add(key)
        logger.warning("%s", self.last)
        self._report("exception", error=self.last)

    def passed(self) -> None:
        """Take note of a step towards the proof: what is wrong from here on is something else."""
        self.last = None

    def end(self) -> None:
        """Forget them: the stream is proven."""
        self.last = None
        self._told.clear()


def _kind_of(error: Exception, sentence: str) -> Hashable:
    """Return what is the same for errors that say the same, however long is to be waited after them."""
    facts: dict[str, Any] = vars(error)
    said = facts.get("reason", facts.get("problem", ""))
    if isinstance(error, RequestError):
        return type(error), facts.get("status"), facts.get("code"), said
    return sentence
