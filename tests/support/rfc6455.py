"""What a server may do on a WebSocket, right and wrong, and what must come of it, by sections of RFC 6455.

Where picows (2.3) decides before the feed sees a frame, or differently from the letter, a comment says so.
"""

from dataclasses import dataclass
from typing import Final

from support.frames import PADDING, book_ticker
from support.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame

__all__ = ["CASES", "STREAM", "Case"]

STREAM: Final = "btcusdt@bookTicker"
_LIMIT: Final = 32 << 20  # of a frame's payload
_ANSWER: Final = b'{"result":null,"id":1}'
_OTHER: Final = b'{"stream":"\xe7\x89\x9busdt@x","data":"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x82"}'


@dataclass(frozen=True)
class Case:
    """Bytes of a server, and what the client makes of them.

    Attributes
    ----------
    sends
        The bytes.
    records
        Update ids of the records that they become.
    controls, messages
        Answers and unrouted payloads that the handler gets.
    rejects
        Codes of the payloads that it is told of.
    pongs
        Payloads of the PONGs that we send.
    fails
        The code with which we fail the connection, or None; then the next message must be read as ever.
    ends
        Whether the server has closed it, without a fault: our CLOSE follows, and nothing is read any more.
    answer
        The code of our CLOSE then.
    told
        The peer's close code that the handler gets at the end.
    reason
        Part of the reason that is reported at the end.
    apart
        Whether the client gets it byte by byte.
    """

    name: str
    sends: bytes
    records: tuple[int, ...] = ()
    controls: tuple[bytes, ...] = ()
    messages: tuple[bytes, ...] = ()
    rejects: tuple[str, ...] = ()
    pongs: tuple[bytes, ...] = ()
    fails: int | None = None
    ends: bool = False
    answer: int = 1000
    told: int | None = None
    reason: str = ""
    apart: bool = False


def _text(update_id: int) -> bytes:
    return frame(TEXT, book_ticker(update_id))


def _pieces(payload: bytes, *cuts: int, between: bytes = b"", opcode: int = TEXT) -> bytes:
    """Return a message in fragments that begin at the cuts, with something between each two."""
    bounds = [0, *cuts, len(payload)]
    last = len(bounds) - 2
    return between.join(
        frame(opcode if i == 0 else CONTINUATION, payload[bounds[i] : bounds[i + 1]], fin=i == last)
        for i in range(last + 1)
    )


def _cut_everywhere() -> Case:
    sends = b"".join(_pieces(book_ticker(1000 + at), at) for at in range(len(book_ticker(1000)) + 1))
    ids = tuple(range(1000, 1000 + len(book_ticker(1000)) + 1))
    return Case("5.4 in two at every boundary", sends, records=ids)


def _in_parts(count: int) -> Case:
    payload = book_ticker(7)
    cuts = [len(payload) * i // count for i in range(1, count)]
    return Case(f"5.4 in {count} parts", _pieces(payload, *cuts), records=(7,))


def _spaced(size: int) -> bytes:
    # White space before it counts as a part of a JSON text, and so every length can be had.
    return book_ticker(size).rjust(size)


def _of_length(size: int, *, apart: bool = False) -> Case:
    name = f"5.2 a message of {size} bytes{', its header byte by byte' if apart else ''}"
    return Case(name, frame(TEXT, _spaced(size)), records=(size,), apart=apart)


def _quoting(text: bytes) -> bytes:
    return b'{"stream":"other@x","data":"%s"}' % text


def _not_utf8(name: str, payload: bytes, sends: bytes = b"") -> Case:
    return Case(
        f"8.1 {name}",
        sends or frame(TEXT, payload),
        rejects=("invalid_utf8",),
        fails=1007,
        reason="not UTF-8",
    )


def _broken(name: str, sends: bytes, reason: str, code: int = 1002, **more: tuple[str, ...]) -> Case:
    return Case(name, sends, fails=code, reason=reason, **more)


_GOOD: Final = book_ticker(1)
_HALF: Final = len(_GOOD) // 2

_FRAMING: Final = [
    # The header changes its form at 126 and 65536.
    *(_of_length(size) for size in (125, 126, 127, 4096, 65_535, 65_536, 300_000)),
    *(_of_length(size, apart=True) for size in (125, 126)),
    Case(
        "5.2 a header of ten bytes, byte by byte",
        frame(TEXT, _spaced(65_536))[:10],
        apart=True,
        ends=True,
        answer=0,
    ),
    Case("5.2 a message byte by byte", _text(1), records=(1,), apart=True),
    Case("5.2 a thousand frames in a segment", b"".join(map(_text, range(1000))), records=tuple(range(1000))),
    *(
        _broken(
            f"5.2 reserved bits {rsv:03b} on text",
            frame(TEXT, _GOOD, rsv=rsv),
            "reserved bits",
            rejects=("reserved_bits",),
        )
        for rsv in (0b100, 0b010, 0b001, 0b111)
    ),
    *(
        _broken(f"5.2 a reserved bit on {name}", sends, "reserved bits", rejects=("reserved_bits",))
        for name, sends in [
            ("PING", frame(PING, b"x", rsv=0b100)),
            ("PONG", frame(PONG, b"x", rsv=0b010)),
            ("CLOSE", close(1000, rsv=0b001)),
            ("a continuation", frame(TEXT, _GOOD[:9], fin=False) + frame(CONTINUATION, _GOOD[9:], rsv=0b100)),
            ("an unfinished frame", frame(TEXT, _GOOD[:9], fin=False, rsv=0b100)),
        ]
    ),
    # picows, for all opcodes, lengths and masks.
    *(
        _broken(f"5.2 opcode {opcode:X}", frame(opcode, b"x"), f"invalid opcode={opcode:#x}")
        for opcode in (3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF)
    ),
    _broken(
        "5.2 a good message, then a reserved opcode in its segment",
        _text(5) + frame(3),
        "invalid opcode",
        records=(5,),
    ),
    _broken(
        "5.2 two good messages, then a reserved opcode in their segment",
        _text(5) + _text(6) + frame(3),
        "invalid opcode",
        records=(5, 6),
    ),
    _broken(
        "5.2 a length of 125 in two bytes", frame(TEXT, b" " * 125, form=2), "invalid 16-bit payload len"
    ),
    _broken(
        "5.2 a length of 126 in eight bytes", frame(TEXT, b" " * 126, form=8), "invalid 64-bit payload length"
    ),
    _broken(
        "5.2 a length of 65535 in eight bytes",
        frame(TEXT, b" " * 65_535, form=8),
        "invalid 64-bit payload length",
    ),
    # No frame too long but a broken one: RFC 6455 wants the highest bit to be 0.
    _broken("5.2 a length of 2^63", frame(TEXT, b"x", length=1 << 63), "invalid 64-bit payload length"),
    _broken("5.1 a masked message", frame(TEXT, _GOOD, mask=b"abcd"), "masked frame from server"),
    _broken("5.1 a masked PING", frame(PING, b"x", mask=b"abcd"), "masked frame from server"),
    _broken("5.1 an empty masked message", frame(TEXT, mask=b"abcd"), "masked frame from server"),
]

_TOO_LONG: Final = [
    _broken(f"7.4.1 {name}", sends, "exceeding max allowed size", 1009)
    for name, sends in [
        ("a frame of 32 MiB and one byte", frame(TEXT, b"x", length=_LIMIT + 1)),
        ("a frame of 4 GiB", frame(TEXT, b"x", length=1 << 32)),
        ("a frame of 2^63 - 1 bytes", frame(TEXT, b"x", length=(1 << 63) - 1)),
        ("a binary frame of 4 GiB", frame(BINARY, b"x", length=1 << 32)),
        ("a continuation of 4 GiB", frame(TEXT, b"{", fin=False) + frame(CONTINUATION, b"x", length=1 << 32)),
    ]
]

_FRAGMENTS: Final = [
    _cut_everywhere(),
    *(_in_parts(count) for count in (3, 7, len(_GOOD))),
    Case("5.4 an empty first fragment", _pieces(_GOOD, 0), records=(1,)),
    Case("5.4 an empty fragment in the middle", _pieces(_GOOD, 9, 9), records=(1,)),
    Case("5.4 an empty last fragment", _pieces(_GOOD, len(_GOOD)), records=(1,)),
    Case("5.4 a thousand empty fragments", _pieces(_GOOD, *[_HALF] * 1000), records=(1,)),
    Case("5.4 nothing but empty fragments", _pieces(b"", 0, 0), rejects=("empty",)),
    Case(
        "5.4 a message of 300 kB in 64 fragments",
        _pieces(_spaced(300_000), *range(4800, 300_000, 4800)),
        records=(300_000,),
    ),
    Case(
        "5.4 fragments of two messages, one after the other",
        _pieces(book_ticker(1), 5) + _pieces(book_ticker(2), 9),
        records=(1, 2),
    ),
    Case(
        "5.4 PING between fragments",
        _pieces(_GOOD, 5, 50, between=frame(PING, b"p")),
        records=(1,),
        pongs=(b"p", b"p"),
    ),
    Case("5.4 PONG between fragments", _pieces(_GOOD, 5, 50, between=frame(PONG, b"p")), records=(1,)),
    Case(
        "5.4 CLOSE between fragments",
        _pieces(_GOOD, 50, between=close(1001)),
        ends=True,
        answer=1001,
        told=1001,
    ),
    Case(
        "5.4 fragments byte by byte with a PING between",
        _pieces(_GOOD, 5, between=frame(PING, b"p")),
        records=(1,),
        pongs=(b"p",),
        apart=True,
    ),
    *(
        _broken(f"5.4 {name}", sends, "fragments out of order", rejects=("bad_fragment",), **more)
        for name, sends, more in [
            ("a last continuation of nothing", frame(CONTINUATION, _GOOD), {}),
            ("a continuation of nothing", frame(CONTINUATION, _GOOD, fin=False), {}),
            ("a continuation of a whole message", _text(1) + frame(CONTINUATION), {"records": (1,)}),
            (
                "a continuation of a finished message",
                _pieces(_GOOD, 5) + frame(CONTINUATION, b"x"),
                {"records": (1,)},
            ),
            ("a new text inside a message", frame(TEXT, _GOOD[:9], fin=False) + _text(2), {}),
            ("a new fragmented text inside a message", frame(TEXT, _GOOD[:9], fin=False) * 2, {}),
            ("a binary message inside a text", frame(TEXT, _GOOD[:9], fin=False) + frame(BINARY, b"x"), {}),
        ]
    ),
    *(
        _broken(f"5.4 a fragmented {name}", frame(opcode, fin=False), "fragmented control frame")
        for name, opcode in [("PING", PING), ("PONG", PONG), ("CLOSE", CLOSE)]
    ),
    # RFC 6455 lets an endpoint refuse a type with 1003; one binary message must not cost every stream.
    Case("5.6 a binary message where JSON is spoken", frame(BINARY, _GOOD), rejects=("binary_frame",)),
    Case(
        "5.6 a binary message in fragments", _pieces(_GOOD, 5, 50, opcode=BINARY), rejects=("binary_frame",)
    ),
    Case("5.6 an empty text", frame(TEXT), rejects=("empty",)),
]

_CONTROL: Final = [
    Case("5.5.2 PING without payload", frame(PING), pongs=(b"",)),
    Case("5.5.2 PING with a time", frame(PING, b"1723161256302"), pongs=(b"1723161256302",)),
    Case(
        "5.5.2 PING of 125 bytes of every kind",
        frame(PING, bytes(range(131, 256))),
        pongs=(bytes(range(131, 256)),),
    ),
    Case("5.5.2 PING byte by byte", frame(PING, b"slow"), pongs=(b"slow",), apart=True),
    Case(
        "5.5.2 two thousand PINGs among messages",
        b"".join(frame(PING, b"%d" % i) + _text(i) for i in range(2000)),
        records=tuple(range(2000)),
        pongs=tuple(b"%d" % i for i in range(2000)),
    ),
    Case("5.5.3 PONG that nobody asked for", frame(PONG, b"x")),
    *(
        _broken(
            f"5.5 {name} of {size} bytes", frame(opcode, bytes(size)), "control frame with payload size > 125"
        )
        for name, opcode in [("PING", PING), ("PONG", PONG), ("CLOSE", CLOSE)]
        for size in (126, 65_536)
    ),
    _broken("5.5 PING of 2^62 bytes", frame(PING, length=1 << 62), "control frame with payload size > 125"),
]

_CLOSING: Final = [
    Case("5.5.1 an empty CLOSE", close(None), ends=True),
    Case(
        "5.5.1 CLOSE byte by byte",
        close(1001, b"bye"),
        ends=True,
        answer=1001,
        told=1001,
        reason="bye",
        apart=True,
    ),
    _broken("5.5.1 a CLOSE of one byte", frame(CLOSE, b"\x03"), "invalid close code size"),
    *(
        Case(f"7.4 CLOSE with {code}", close(code, b"why"), ends=True, answer=code, told=code, reason="why")
        for code in (*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999)
    ),
    Case(
        "5.5.1 CLOSE with 123 bytes of reason",
        close(1008, b"r" * 123),
        ends=True,
        answer=1008,
        told=1008,
        reason="r" * 123,
    ),
    Case(
        "5.5.1 CLOSE with a reason beyond ASCII",
        close(1000, "schluß 🐂".encode()),
        ends=True,
        told=1000,
        reason="schluß 🐂",
    ),
    *(
        _broken(f"7.4 CLOSE with {code}", close(code), "invalid close code")
        for code in (1, 999, 1004, 1005, 1015, 1016, 1100, 2000, 2999)
    ),
    # These picows lets through; the feed does not.
    *(
        _broken(f"7.4 CLOSE with {code}", close(code), f"closed with {code}, which no")
        for code in (0, 1006, 5000, 65_535)
    ),
    *(
        _broken(f"5.5.1 CLOSE with {name} in its reason", close(1000, reason), "invalid UTF-8 reason", 1007)
        for name, reason in [
            ("a cut sequence", b"ab\xe2\x82"),
            ("a surrogate", b"\xed\xa0\x80"),
            ("an overlong", b"\xc0\xaf"),
        ]
    ),
    Case(
        "5.5.1 messages behind a CLOSE",
        _text(1) + close(1001) + _text(2) + _pieces(_GOOD, 5),
        records=(1,),
        ends=True,
        answer=1001,
        told=1001,
    ),
    Case("5.5.1 a PING behind a CLOSE", close(1000) + frame(PING, b"late"), ends=True, told=1000),
    Case("5.5.1 bad UTF-8 behind a CLOSE", close(1000) + frame(TEXT, b"\xff"), ends=True, told=1000),
    # picows looks a frame ahead: it answers what it calls a fault in the second before the feed sees the
    # first.
    Case(
        "5.5.1 two CLOSEs", close(1001) + close(1008), ends=True, answer=1002, told=1001, reason="second time"
    ),
    Case("7.1.5 the socket just ends", b"", ends=True, answer=0),
    Case("7.1.5 the socket ends inside a header", b"\x81", ends=True, answer=0),
    Case("7.1.5 the socket ends inside a frame", _text(1)[:-1], ends=True, answer=0),
    Case("7.1.5 the socket ends between fragments", frame(TEXT, _GOOD, fin=False), ends=True, answer=0),
    Case(
        "7.1.5 the socket ends inside a frame of 32 MiB",
        frame(TEXT, b"x", length=_LIMIT),
        ends=True,
        answer=0,
    ),
]

_UTF8: Final = [
    Case("8.1 sequences of two, three and four bytes", frame(TEXT, _OTHER), messages=(_OTHER,)),
    Case(
        "8.1 a message cut inside every sequence",
        b"".join(_pieces(_OTHER, at) for at in range(len(_OTHER))),
        messages=(_OTHER,) * len(_OTHER),
    ),
    *(
        _not_utf8(name, _quoting(text))
        for name, text in [
            ("overlong in two bytes", b"\xc0\xaf"),
            ("overlong in two bytes, the highest", b"\xc1\xbf"),
            ("overlong in three bytes", b"\xe0\x80\xaf"),
            ("overlong in three bytes, the highest", b"\xe0\x9f\xbf"),
            ("overlong in four bytes", b"\xf0\x80\x80\xaf"),
            ("overlong in four bytes, the highest", b"\xf0\x8f\xbf\xbf"),
            ("the lowest surrogate", b"\xed\xa0\x80"),
            ("the highest surrogate", b"\xed\xbf\xbf"),
            ("a pair of surrogates", b"\xed\xa0\xbd\xed\xb0\x82"),
            ("beyond U+10FFFF", b"\xf4\x90\x80\x80"),
            ("a lead byte of five", b"\xf8\x88\x80\x80\x80"),
            ("FE", b"\xfe"),
            ("FF", b"\xff"),
            ("a continuation byte alone", b"\x80"),
            ("a continuation byte too many", b"\xc3\xa9\xa9"),
            ("a sequence cut after one of two", b"\xc3"),
            ("a sequence cut after one of three", b"\xe2 "),
            ("a sequence cut after two of three", b"\xe2\x82 "),
            ("a sequence cut after three of four", b"\xf0\x9f\x90 "),
            ("a bad byte behind 20 kB", b"a" * 20_000 + b"\xff"),
        ]
    ),
    _not_utf8("nothing but a bad byte", b"\xff"),
    _not_utf8("a message that ends inside a sequence", b"\xe2\x82"),
    _not_utf8("bad bytes in no JSON", b'{"stream":\xff'),
    _not_utf8("a bad byte in a record's symbol", _GOOD.replace(b"BTCUSDT", b"BTC\xffUSDT")),
    _not_utf8("a bad byte in the stream's name", _GOOD.replace(b"btcusdt", b"btc\xffusdt")),
    _not_utf8("a bad byte in a key", _GOOD.replace(b'"u":', b'"\xff":')),
    _not_utf8("a bad byte in a number", _GOOD.replace(b"1.25", b"1.\xff5")),
    _not_utf8("a bad byte behind a whole value", _GOOD + b"\xff"),
    _not_utf8("a bad byte in an answer", _ANSWER.replace(b"null", b'"\xff"')),
    _not_utf8("a bad byte in one fragment", b"", _pieces(_quoting(b"ab\xffcd"), 10, 28, 30)),
    _not_utf8("a surrogate split over fragments", b"", _pieces(_quoting(b"\xed\xa0\x80"), 29)),
    _not_utf8("a sequence cut by the end of the last fragment", b"", _pieces(b'"\xe2\x82', 2)),
    # JSON's own escapes are ASCII: what they mean is not the transport's business.
    Case(
        "8.1 an escaped lone surrogate is no bad UTF-8",
        frame(TEXT, _ANSWER.replace(b"null", b'"\\ud800"')),
        rejects=("invalid_json",),
    ),
    Case("8.1 a PING may hold anything", frame(PING, b"\xff\xfe"), pongs=(b"\xff\xfe",)),
    Case(
        "8.1 bytes behind a payload are not its own",
        frame(TEXT, _ANSWER) + frame(PING, b"\xff" * PADDING),
        controls=(_ANSWER,),
        pongs=(b"\xff" * PADDING,),
    ),
]

CASES: Final = [*_FRAMING, *_TOO_LONG, *_FRAGMENTS, *_CONTROL, *_CLOSING, *_UTF8]
