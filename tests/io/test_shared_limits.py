"""Who asks for the same limits gets the same object, and threads that share it lose nothing."""

import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from fastbinance._io.shared_limits import limits_for
from fastbinance._protocol.method import Lane
from fastbinance._protocol.request_limits import LimitWarning, RateLimit

NOW = 1_000.0
_numbers = count()


@pytest.fixture
def environment() -> str:
    """Name an environment of this test's own: what it learns lasts as long as the process."""
    return f"test {next(_numbers)}"


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def full_orders(seconds: int = 10) -> list[RateLimit]:
    return [RateLimit("ORDERS", "SECOND", seconds, 100, 100)]


def full_weight() -> list[RateLimit]:
    return [RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6_000, 6_000)]


def test_limits_are_one_object_for_environment_product_and_address(environment: str) -> None:
    limits = limits_for(environment, "spot", None)
    assert limits_for(environment, "spot", None) is limits
    others = [
        limits_for(environment, "usdm", None),
        limits_for(environment + "!", "spot", None),
        limits_for(environment, "spot", "192.0.2.7"),
    ]
    limits.learn(full_weight(), "key", NOW)
    assert limits.refusal(Lane.CANCEL, "key", NOW) > 0.0
    assert [other.refusal(Lane.ORDER, "key", NOW) for other in others] == [0.0, 0.0, 0.0]


def test_orders_are_counted_by_account_whatever_the_address(environment: str) -> None:
    limits_for(environment, "spot", None).learn(full_orders(), "key", NOW)
    elsewhere = limits_for(environment, "spot", "192.0.2.7")
    assert elsewhere.refusal(Lane.ORDER, "key", NOW) > 0.0
    assert elsewhere.refusal(Lane.ORDER, "another", NOW) == 0.0
    assert limits_for(environment + "!", "spot", None).refusal(Lane.ORDER, "key", NOW) == 0.0


def test_orders_of_both_futures_are_counted_together_and_spots_apart(environment: str) -> None:
    limits_for(environment, "usdm", None).learn(full_orders(), "key", NOW)
    assert limits_for(environment, "coinm", None).refusal(Lane.ORDER, "key", NOW) > 0.0
    assert limits_for(environment, "spot", None).refusal(Lane.ORDER, "key", NOW) == 0.0


def run_together(jobs: list[Callable[[], None]]) -> None:
    """Run each job in a thread of its own, all from the same moment; what one raises is raised."""
    together = threading.Barrier(len(jobs))
    raised: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        together.wait()
        try:
            job()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


@pytest.mark.usefixtures("hasty")
def test_of_many_threads_one_is_warned_and_the_longest_ban_stays(environment: str) -> None:
    warnings: list[LimitWarning] = []

    def client(number: int) -> Callable[[], None]:
        def run() -> None:
            limits = limits_for(environment, "spot", None)
            for turn in range(100):
                told = [RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6_000, 5_000)]
                warnings.extend(limits.learn(told, f"key {number}", NOW, NOW * 1e3))
                limits.refused(429, -1015, None, full_orders(turn + 1), f"key {number}", NOW, NOW * 1e3)
                retry_ms = int((NOW + 100 * number + turn) * 1e3)
                limits.refused(418, -1003, retry_ms, (), f"key {number}", NOW, NOW * 1e3)
                limits.refusal(Lane.ORDER, f"key {number}", NOW)
                limits.usage(f"key {number}", NOW)

        return run

    run_together([client(number) for number in range(8)])
    assert len(warnings) == 1
    limits = limits_for(environment, "spot", None)
    assert limits.refusal(Lane.READ, "key 0", NOW) == pytest.approx(799.05)
    assert [len(limits.usage(f"key {number}", NOW)) for number in range(8)] == [101] * 8


@pytest.mark.usefixtures("hasty")
def test_threads_that_ask_first_at_once_get_the_same_limits(environment: str) -> None:
    got: list[object] = []
    run_together([lambda: got.append(limits_for(environment, "coinm", None))] * 16)
    assert len(set(map(id, got))) == 1
