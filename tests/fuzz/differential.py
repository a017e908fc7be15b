"""The library against the plain reference, on payloads made and unmade at random.

``python tests/fuzz/differential.py --executions 100000`` compares so many payloads, prints how many and how
fast, and ends with status 1 at the first that the two, or two of the library's scanners, see differently. The
same seed makes the same payloads.
"""

import argparse
import random
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fastbinance import decode
from fastbinance.errors import DecodeError, FastBinanceError
from fuzz import reference
from fuzz.seeds import combined, kind_of_stream, text_of
from fuzz.shapes import SHAPES
from fuzz.templates import KEYS, TEMPLATES

REJECTED: Final = "rejected"
DECLINED: Final = "declined"
#: Records as bytes and their levels, or REJECTED or DECLINED.
Outcome = list[tuple[bytes, tuple[tuple[float, float], ...]]] | str

_RECORD_BYTES: Final = 200  # what a Record keeps, whatever its kind
_LEVELS_BEGIN: Final = slice(64, 72)  # of a depth record: where its levels lay, which is not what it says
_DEPTH_KINDS: Final = (4, 5)


class Payload(NamedTuple):
    """What is compared: a message of a market."""

    market: str
    text: bytes


_NUMBERS: Final = (
    "0", "1", "-1", "0.0", "-0.0", "-0", "00", "007", "1.", ".5", "1e5", "1E-7", "1e+2", "1e400", "-1e400",
    "1e-400", "1e",
    "+1", "nan", "inf", "0x1", "1_0", " 1", "1 ", "", "1,5", "0.00000001", "299999997.00000000",
    "9007199254740993",
    "123456789012345.6", "12345678901234567890", "0.12345678901234567890", "5e-324", "1.7976931348623157e308",
    "18446744073709551616.5", "4503599627370497.5", "9007199254740993.00000000000000000001", "١",
)  # fmt: skip
_INTEGERS: Final = (
    0, 1, 2, -1, 10**15, 10**16, 10**17, 10**18, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1,
    9223372036854,
    9223372036855, 99999999999999, 100000000000000, 9223372036854775, 9223372036854776, 1760000000000,
    1760000000000123,
)  # fmt: skip
_VALUES: Final = (
    None, True, False, 0, 1, -1, 1.5, 10**30, "", "1", "x", [], {}, [[]], [["1", "2"]], [["1"]],
    [["1", "2", "3"]], {"a": [1]},
    "\u00e9\u725b", "\x00", 'a"b', "a\\b", "BTCUSDT@56", "A" * 49, "@",
)  # fmt: skip
_KEYS: Final = tuple(
    sorted(
        {key for shape in SHAPES.values() for key in shape.keys} | {"stream", "data", "zz", "result", "ot"}
    )
)
_TEXTS: Final = (
    *sorted({event for shape in SHAPES.values() for event in shape.events}),
    *("NA", "MARKET", "RPI", "BLOCK", "BUY", "LIMIT", "IOC", "NEW", "1m", "0s", "9999w", "5M", "12345m"),
    *("PERPETUAL", "ETHUSDT"),
)
_WHITE: Final = (b" ", b"\n", b"\t ", b"\r\n")
_TOKENS: Final = (
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"-", b".", b"e", b"\x00", b"\xff", b"\xe7",
    b"\x7f", b"\\u0041",
    b"\\ud83d", b"\\ud83d\\ude00", b"\\udc00", b"\\u00", b"null", b"true", b"tru", b"NaN", b"Infinity",
    b'"":1,', b"//",
    b'{"a":' * 17, b"[" * 20, b"]" * 20, b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xc0\xaf", b"1e999", b"01",
    b"-0", b"1.",
)  # fmt: skip


class Generator:
    """Payloads from templates: valid ones, odd ones, broken ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        # As bytes and as objects: most mutations want one of the two.
        self._templates = [(market, stream, event) for market, stream, event in TEMPLATES]

    def payloads(self) -> Iterator[Payload]:
        """Yield without end."""
        pick, chance = self._random.choice, self._random.random
        while True:
            market, stream, event = pick(self._templates)
            if chance() < 0.8:
                event = self._changed(event)
            data = text_of(event)
            if chance() < 0.1:
                _, stream, _ = pick(self._templates)
            text = self._wrapped(stream, data)
            if chance() < 0.35:
                text = self._damaged(text)
            yield Payload(market, text)

    def _wrapped(self, stream: str, data: bytes) -> bytes:
        chance = self._random.random()
        if chance < 0.8:
            return combined(stream, data)
        if chance < 0.9:
            return data
        if chance < 0.95:
            return b'{"data":%s,"stream":"%s"}' % (data, stream.encode())
        if chance < 0.98:
            return b'{"stream":"%s","more":[1,{"a":null}],"data":%s}' % (stream.encode(), data)
        return b'{"stream":"%s",%s' % (stream.encode(), data[1:])

    def _changed(self, event: Any) -> Any:
        """Return a copy with something of its structure or values changed."""
        if isinstance(event, list):
            elements = [
                self._changed(element) if self._random.random() < 0.5 else element for element in event
            ]
            chance = self._random.random()
            if chance < 0.3:
                elements += self._random.choices(elements, k=self._random.randrange(4))
            elif chance < 0.4:
                self._random.shuffle(elements)
            elif chance < 0.45:
                return elements[0]
            elif chance < 0.5:
                elements.append(self._random.choice(_VALUES))
            return elements
        items = list(event.items())
        for _ in range(self._random.randrange(1, 4)):
            self._change(items)
        if self._random.random() < 0.04:
            return [dict(items)] * self._random.randrange(3)
        return dict(items)

    def _change(self, items: list[tuple[str, Any]]) -> None:
        if not items:
            return
        pick = self._random.choice
        at = self._random.randrange(len(items))
        key, value = items[at]
        chance = self._random.random()
        if chance < 0.55:
            items[at] = (key, self._other(value))
        elif chance < 0.7:
            self._random.shuffle(items)
        elif chance < 0.78:
            del items[at]
        elif chance < 0.9:
            items.insert(at, (pick(_KEYS), pick(_VALUES)))
        elif chance < 0.94:
            items[at] = (pick(_KEYS), value)
        elif chance < 0.97:
            items[at] = (key, pick(_VALUES))
        else:
            items[at] = (key + "\u00e9", value)

    def _other(self, value: Any) -> Any:
        """Return another value of the same type, now and then an odd one."""
        pick, chance = self._random.choice, self._random.random()
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            if chance < 0.5:
                return value + self._random.randrange(1000)
            return (
                pick(_INTEGERS) if chance < 0.8 else self._random.getrandbits(self._random.randrange(1, 66))
            )
        if isinstance(value, dict):
            return self._changed(value)
        if isinstance(value, list):
            return [[self._number(), self._number()] for _ in range(self._random.randrange(7))]
        if isinstance(value, str):
            return (
                self._number() if value[:1].isdigit() or value[:1] == "-" or chance < 0.05 else pick(_TEXTS)
            )
        return pick(_VALUES)

    def _number(self) -> str:
        chance = self._random.random()
        if chance < 0.15:
            return self._random.choice(_NUMBERS)
        if chance < 0.2:
            # As many digits as fit 64 bits, where they do not fit 63 or 53.
            digits = str(self._random.randrange(10**18, 10**19))
            point = self._random.randrange(8, 19)
            return f"{digits[:point]}.{digits[point:]}"
        digits = str(self._random.getrandbits(self._random.randrange(1, 70)))
        if chance < 0.5:
            point = self._random.randrange(1, len(digits) + 1)
            text = f"{digits[:point]}.{digits[point:] or '0'}"
        elif chance < 0.7:
            text = f"0.{'0' * self._random.randrange(8)}{digits}"
        elif chance < 0.8:
            text = f"{digits}e{self._random.randrange(-340, 310)}"
        elif chance < 0.9:
            # Any double there is, as Python prints it.
            (value,) = struct.unpack("<d", self._random.randbytes(8))
            text = repr(value)
        else:
            text = digits
        return f"-{text}" if self._random.random() < 0.1 else text

    def _damaged(self, text: bytes) -> bytes:
        """Return the bytes with a few of them changed."""
        for _ in range(self._random.randrange(1, 3)):
            if not text:
                break
            at = self._random.randrange(len(text))
            chance = self._random.random()
            if chance < 0.25:
                text = text[:at] + bytes([self._random.randrange(256)]) + text[at + 1 :]
            elif chance < 0.45:
                text = text[:at] + self._random.choice(_TOKENS) + text[at:]
            elif chance < 0.55:
                text = text[:at] + text[at + self._random.randrange(1, 5) :]
            elif chance < 0.65:
                text = self._escaped(text, at)
            elif chance < 0.8:
                text = self._spaced(text)
            elif chance < 0.9:
                # A member doubled, or moved: between two commas is one, more or less.
                members = text.split(b",")
                member = self._random.choice(members)
                members.insert(self._random.randrange(len(members)), member)
                text = b",".join(members)
            elif chance < 0.95:
                text = text[:at]
            else:
                text += self._random.choice(_TOKENS)
        return text

    def _spaced(self, text: bytes) -> bytes:
        """Return it with white space behind some of its commas, colons and brackets."""
        out = bytearray()
        for byte in text:
            out.append(byte)
            if byte in b",:[{" and self._random.random() < 0.1:
                out += self._random.choice(_WHITE)
        return bytes(out)

    @staticmethod
    def _escaped(text: bytes, at: int) -> bytes:
        """Return it with one letter or digit spelled as an escape."""
        while at < len(text) and not text[at : at + 1].isalnum():
            at += 1
        return text if at >= len(text) else text[:at] + b"\\u%04x" % text[at] + text[at + 1 :]


def by_reference(payload: Payload) -> Outcome:
    """Return what the reference makes of a payload."""
    market = payload.market
    try:
        said = reference.decode(payload.text, lambda stream: kind_of_stream(stream, market))
    except reference.Rejected:
        return REJECTED
    return [(one.record.ljust(_RECORD_BYTES, b"\0"), one.levels) for one in said]


def by_library(payload: Payload, scanner: str) -> Outcome:
    """Return what the library makes of it, in the same form."""
    try:
        records = decode(payload.text, KEYS[payload.market], scanner=scanner)
    except DecodeError as error:
        return DECLINED if error.code == DECLINED else REJECTED
    except FastBinanceError as error:  # whatever else it raises is a finding: only payloads are at fault here
        return f"raised {error!r}"
    out: list[tuple[bytes, tuple[tuple[float, float], ...]]] = []
    for record in records:
        _, state = record.__reduce__()
        data, levels = state[1], ()
        if record.kind in _DEPTH_KINDS:
            data = data[: _LEVELS_BEGIN.start] + bytes(8) + data[_LEVELS_BEGIN.stop :]
            levels = tuple(map(tuple, state[2].tolist()))
        out.append((data, levels))
    return out


def difference(payload: Payload) -> str:
    """Return what differs on one payload, or nothing."""
    expected = by_reference(payload)
    for scanner in ("fallback", "auto", "fast"):
        got = by_library(payload, scanner)
        # The levels' bytes: -0.0 equals 0.0 otherwise.
        if got != expected and not (scanner == "fast" and got == DECLINED):
            return f"{scanner} says {_shown(got)}, the reference {_shown(expected)}"
        if isinstance(got, list) and repr(got) != repr(expected):
            return f"{scanner} says {got}, the reference {expected}: a zero's sign"
    return ""


def _shown(outcome: Outcome) -> str:
    if isinstance(outcome, str):
        return outcome
    return str([(data.rstrip(b"\0").hex(), levels) for data, levels in outcome])


def run(
    executions: int, seed: int, until: Callable[[], bool] = lambda: False
) -> tuple[int, Payload | None, str]:
    """Compare so many payloads; return how many were, and the first that differs with what differs."""
    count = 0
    for payload in Generator(seed).payloads():
        if count == executions or until():
            break
        count += 1
        text = difference(payload)
        if text:
            return count, payload, text
    return count, None, ""


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--executions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None, help="default: another one every time")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    begin = time.perf_counter()
    count, payload, text = run(options.executions, seed)
    seconds = time.perf_counter() - begin
    print(
        f"differential: {count:,} executions in {seconds:.1f} s, {count / seconds:,.0f} a second, seed {seed}"
    )
    if payload is None:
        return 0
    print(f"execution {count}: {text}\nmarket {payload.market}\npayload {payload.text!r}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
