"""Stream names: build them, read them, and say which record each one feeds and on which route it lives.

Binance acknowledges a name that does not exist, or that is asked for on the wrong route, and then stays
silent. So names are checked here, against the table of every documented form.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from fastbinance._grammar import DEAD, FORMS, Form, Kind, TypedEvent, forms_of
from fastbinance.errors import ConfigurationError
from fastbinance.keys import FORMATS, MARKETS, Format, Market, Part

__all__ = ["Kind", "Stream", "check_market", "check_symbol", "parse"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One of Binance's streams.

    Attributes
    ----------
    name : str
        Binance's name, as it is subscribed.
    market : {"spot", "usdm", "coinm", "options", "alpha"}
        The market it belongs to; the same name means another stream elsewhere.
    kind : Kind or None
        The record it feeds; None for streams without a ring, which arrive as events.
    symbol : str or None
        The lower-case text before ``@``: a symbol, pair, asset or underlying. None where there is none.
    part : {"public", "market"} or None
        Its route on USD-M and options.
    many_symbols : bool
        Whether its records are of several symbols, as those of ``!bookTicker`` and
        ``btcusdt@optionMarkPrice`` are.
    event : str or None
        The kind of typed event that it arrives as; None where it feeds a record, or has no type.
    format : {"json", "sbe"}
        What its messages are written in: the same name may mean another stream as SBE.
    """

    name: str
    market: Market
    kind: Kind | None
    symbol: str | None
    part: Part | None
    many_symbols: bool = False
    event: TypedEvent | None = None
    format: Format = "json"

    @property
    def ring_symbol(self) -> str | None:
        """The one symbol of its records, as payloads spell it; None where only they tell."""
        return None if self.many_symbols or self.symbol is None else self.symbol.upper()


_SYMBOL: Final = "(?P<symbol>{})"
_WORDS: Final = {
    "<symbol>": _SYMBOL.format("[^@!]+"),
    "<asset>": _SYMBOL.format("[^@!]+"),
    # What tells them from the contracts on them, which have an underscore or hyphens.
    "<pair>": _SYMBOL.format("[^@!_]+"),
    "<underlying>": _SYMBOL.format("[^@!-]+"),
    "<yymmdd>": "[0-9]{6}",
    "<contract_address>": "[0-9A-Za-z]+",
    "<chain_id>": "[0-9A-Za-z_]+",
}


def _compile(form: Form) -> re.Pattern[str]:
    """Turn the spelling of the documentation into a pattern of the whole name."""
    pattern = ""
    for piece in re.split(r"(<[^>]*>|\[[^]]*\])", form.text):
        if piece == "<symbol>" and form.sign:
            pattern += _SYMBOL.format(f"[^@!{form.sign}]+{form.sign}[^@!]+")
        elif piece in _WORDS:
            pattern += _WORDS[piece]
        elif piece.startswith(("<", "[")):
            choices = "|".join(re.escape(choice) for choice in piece[1:-1].split("|"))
            pattern += f"(?:{choices})" + ("?" if piece.startswith("[") else "")
        else:
            pattern += re.escape(piece)
    return re.compile(pattern)


_PATTERNS: Final[dict[tuple[Market, Format], tuple[tuple[Form, re.Pattern[str]], ...]]] = {
    (market, format): tuple((form, _compile(form)) for form in forms_of(market, format))
    for market in FORMS
    for format in FORMATS
}

_MAX_SYMBOL_BYTES: Final = 48  # what a row of a ring's symbol table holds
_MAX_NAME_BYTES: Final = 256  # far above any stream name, far below one control message
_NOT_IN_NAMES: Final = "\"'\\"
_NOT_IN_SYMBOLS: Final = _NOT_IN_NAMES + "@!/"


def check_symbol(text: str) -> str:
    """Return a symbol in lower case, as stream names want it.

    Symbols in any script pass; whether Binance lists one is for Binance to say.

    Raises
    ------
    ConfigurationError
        Empty, over 48 bytes of UTF-8, or with white space, ``@``, ``!``, ``/``, quotes, a backslash or
        control characters; also ``BTC-USDT``, with the spelling that Binance uses, and the name of a market.
    """
    _refuse_signs("symbol", text, _NOT_IN_SYMBOLS)
    # One hyphen before letters is another exchange's spelling; options symbols have three.
    if re.fullmatch(r"[^-]+-[A-Za-z]+", text):
        raise ConfigurationError(f"bad symbol {_shown(text)}: {_tip(text)}")
    lower = text.lower()
    if lower in MARKETS:
        raise ConfigurationError(f"bad symbol {_shown(text)}: that is a market; say market={lower!r}")
    if len(lower.encode()) > _MAX_SYMBOL_BYTES:
        raise ConfigurationError(f"bad symbol {_shown(text)}: over {_MAX_SYMBOL_BYTES} bytes of UTF-8")
    return lower


def _refuse_signs(what: str, text: str, signs: str) -> None:
    """Refuse what is no text, is empty, or holds signs that no name has and that would break JSON."""
    if not isinstance(text, str):
        raise ConfigurationError(f"a {what} is a str, not {type(text).__name__}")
    if not text:
        raise ConfigurationError(f"a {what} cannot be empty")
    for sign in text:
        # Cc: control, Cf: invisible, Cs: half a surrogate pair, which has no UTF-8.
        if sign in signs or sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf", "Cs"):
            tip = _tip(text) if what == "symbol" else "names are like 'btcusdt@bookTicker'"
            raise ConfigurationError(f"bad {what} {_shown(text)}: {sign!r} cannot be in it; {tip}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "...")


def _tip(text: str) -> str:
    pair = re.fullmatch(r"\s*(\w+)\s*[-/ ]\s*(\w+)\s*", text)
    if pair:
        return f"Binance writes {(pair[1] + pair[2]).upper()!r}"
    if "@" in text.strip() or text.startswith("!"):
        return "this looks like a stream name, where only its symbol is wanted"
    return "symbols are like 'BTCUSDT', 'BTCUSD_PERP' or 'BTC-261225-126000-C'"


def check_market(market: str) -> None:
    """Raise ConfigurationError unless there is such a market; the message lists those there are."""
    if market not in MARKETS:
        raise ConfigurationError(f"{market!r} is no market; there are {', '.join(MARKETS)}")


def _find(name: str, market: Market, format: Format) -> Stream | None:
    for form, pattern in _PATTERNS[market, format]:
        match = pattern.fullmatch(name)
        if match:
            symbol = name.partition("@")[0] if "symbol" in pattern.groupindex else None
            return Stream(name, market, form.kind, symbol, form.part, form.many, form.event, format)
    return None


def parse(name: str, market: Market, strict: bool = True, format: Format = "json") -> Stream:
    """Read a stream name.

    Parameters
    ----------
    name : str
        Binance's name. The symbol may be in either case; the rest is as Binance spells it (``1m`` is a
        minute, ``1M`` a month).
    market : {"spot", "usdm", "coinm", "options", "alpha"}
        The market it is asked of.
    strict : bool
        False lets a name through that the table does not have: without a kind, and where the market has
        routes, on ``market``, which is where Binance puts what is new.
    format : {"json", "sbe"}
        What its messages are written in (`keys.format_of`): SBE has names of its own, and only on spot.

    Raises
    ------
    ConfigurationError
        No such stream in that market (the message has the closest forms and their values), a name that
        Binance has retired, or a bad symbol.
    """
    check_market(market)
    _refuse_signs("stream name", name, _NOT_IN_NAMES + ("/" if strict else ""))
    head, at, tail = name.partition("@")
    # A contract address is no symbol: its letters stay as they come.
    has_symbol = bool(at) and not name.startswith(("!", "came@"))
    if has_symbol:
        name = (check_symbol(head) if strict else head.lower()) + at + tail
    if len(name.encode()) > _MAX_NAME_BYTES:
        raise ConfigurationError(f"stream name {_shown(name)} is over {_MAX_NAME_BYTES} bytes of UTF-8")
    found = _find(name, market, format)
    if found is not None:
        return found
    if strict:
        raise ConfigurationError(_unknown(name, market, format))
    part: Part | None = "market" if market in ("usdm", "options") else None
    return Stream(name, market, None, head.lower() if has_symbol else None, part, format=format)


def _unknown(name: str, market: Market, format: Format) -> str:
    """Say what is wrong with a name that is in no row of the market's table."""
    override = "strict=False lets it through unchecked"
    for dead, sentence in DEAD[market]:
        if re.fullmatch(dead, name):
            return f"{name!r} {sentence} ({override})"
    forms = forms_of(market, format)
    by_word: dict[str, list[str]] = {}
    for form in forms:
        by_word.setdefault(_word(form.text), []).append(form.text)
    word = _word(name)
    close = [word] if word in by_word else difflib.get_close_matches(word, by_word, n=3)
    texts = [text for one in close for text in by_word[one]] or [form.text for form in forms]
    elsewhere: list[str] = []
    other_format: Format = "sbe" if format == "json" else "json"
    if _find(name, market, other_format):
        elsewhere.append(f"{market} as {other_format}")
    if format == "json":
        elsewhere += [other for other in MARKETS if other != market and _find(name, other, "json")]
    there = f" (but of {', '.join(elsewhere)})" if elsewhere else ""
    known = "closest known" if close else "known"
    where = market if format == "json" else f"{market} as {format}"
    # Where an underlying's name is right too, this is what tells the two.
    contract = "; its <symbol> is a contract, such as BTC-261225-126000-C" if market == "options" else ""
    return f"{name!r} is no stream of {where}{there}; {known}: {', '.join(texts)}{contract}; {override}"


def _word(text: str) -> str:
    """Return what a name is about, without symbol and parameters: ``btcusdt@depth5@100ms`` is ``depth``."""
    if "@" in text and not text.startswith(("!", "came@")):
        text = text.partition("@")[2]
    letters = re.match(r"!?[A-Za-z]+", text)
    return letters[0].lower() if letters else text.lower()
