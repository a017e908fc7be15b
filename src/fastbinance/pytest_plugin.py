"""pytest fixture ``binance_sim``: a Binance of your own for each test.

::

    def test_my_strategy(binance_sim):
        with fastbinance.Client(urls=binance_sim.urls) as fb:
            ...

    def test_my_account(binance_sim):              # what has user data needs REST, too
        with fastbinance.Client(urls=binance_sim.urls, rest_urls=binance_sim.rest_urls, ...) as fb:
            ...

    @pytest.mark.binance_sim(seed=7, tls=True)     # options of fastbinance.sim.Simulator
    def test_over_tls(binance_sim): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fastbinance.sim import RunningSimulator

__all__ = ["binance_sim"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "binance_sim(**options): options of fastbinance.sim.Simulator for this test"
    )


@pytest.fixture
def binance_sim(request: pytest.FixtureRequest) -> Iterator[RunningSimulator]:
    """Run a simulator in a thread for one test; a client wants its ``urls`` and ``rest_urls``."""
    # Imported here: pytest loads this plugin wherever fastbinance is installed, with the extra or without.
    try:
        from fastbinance.sim import run_in_thread
    except ModuleNotFoundError as missing:
        pytest.fail(f"binance_sim needs an extra: pip install 'fastbinance[sim]' ({missing})", pytrace=False)
    marker = request.node.get_closest_marker("binance_sim")
    with run_in_thread(**(marker.kwargs if marker is not None else {})) as simulator:
        yield simulator
