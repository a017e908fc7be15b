"""Listen keys and tokens of the simulator: given out, prolonged and ended."""

import pytest

from fastbinance.sim import SimAccount
from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading import Account
from fastbinance.sim.user.keys import KeyProduct, ListenKey, UserDataKeys

OURS = Account(SimAccount("ours", "secret"), uid=1)
THEIRS = Account(SimAccount("theirs", "secret"), uid=2)


@pytest.fixture
def keys() -> UserDataKeys:
    return UserDataKeys("seed", key_seconds=10, token_seconds=20)


def refusal(keys: UserDataKeys, product: KeyProduct, now_ms: int, text: str | None = None) -> int:
    with pytest.raises(ApiError) as caught:
        keys.prolong(product, OURS, now_ms, text)
    return caught.value.code


def test_each_account_has_a_key_of_each_product(keys: UserDataKeys) -> None:
    products: tuple[KeyProduct, ...] = ("usdm", "coinm", "options", "portfolio", "margin_risk")
    found = [keys.start(product, account, 0).text for product in products for account in (OURS, THEIRS)]
    assert len(set(found)) == 10
    assert keys.start("usdm", OURS, 5).text == found[0]


def test_asking_for_a_key_prolongs_it(keys: UserDataKeys) -> None:
    key = keys.start("usdm", OURS, 0)
    assert keys.due_ms == 10_000
    keys.start("usdm", OURS, 9_999)
    keys.prolong("usdm", OURS, 19_998, key.text)
    assert key.expires_ms == 29_998
    assert keys.find("usdm", OURS, 29_997) is key
    assert keys.find("usdm", OURS, 29_998) is None


def test_a_key_that_is_not_there_is_not_prolonged(keys: UserDataKeys) -> None:
    assert refusal(keys, "usdm", 0) == -1125
    key = keys.start("usdm", OURS, 0)
    assert refusal(keys, "coinm", 0, key.text) == -1125
    assert refusal(keys, "usdm", 0, "another's") == -1125
    assert refusal(keys, "usdm", 10_000, key.text) == -1125


def test_the_end_of_a_key_is_told_once_and_the_next_one_differs(keys: UserDataKeys) -> None:
    ended: list[tuple[ListenKey, int]] = []
    keys.on_end.append(lambda key, now_ms: ended.append((key, now_ms)))
    first = keys.start("usdm", OURS, 0)
    keys.step(10_000)
    keys.step(10_001)
    second = keys.start("usdm", OURS, 10_002)
    keys.stop("usdm", OURS, 10_003)
    assert ended == [(first, 10_000), (second, 10_003)]
    assert first.text != second.text
    assert keys.due_ms is None


def test_a_token_is_good_for_as_long_as_was_asked_but_no_longer_than_any(keys: UserDataKeys) -> None:
    short = keys.make_token(OURS, 0, symbol="BTCUSDT", validity_ms=5_000)
    long = keys.make_token(OURS, 0, validity_ms=90_000)
    assert (short.symbol, short.expires_ms) == ("BTCUSDT", 5_000)
    assert (long.symbol, long.expires_ms) == (None, 20_000)
    assert keys.token(short.text, 4_999) is short
    assert keys.due_ms == 5_000
    assert keys.step(4_999) is False
    with pytest.raises(ApiError, match="-1209"):
        keys.token(short.text, 5_000)
    assert keys.step(5_000) is True
    assert keys.due_ms == 20_000
    with pytest.raises(ApiError, match="-1209"):
        keys.token("nobody's", 0)
