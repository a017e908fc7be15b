"""pytest fixture ``binance_sim``: a Binance of your own for each test.

::

    def test_my_strategy(binance_sim):
        with fastbinance.Client(urls=binance_sim.urls) as fb:
            ...

    @pytest.mark.binance_sim(seed=7, tls=True)     # options of fastbinance.sim.Simulator
    def test_over_tls(binance_sim): ...
"""

from collections.abc import Iterator

import pytest

from fastbinance.sim import RunningSimulator, run_in_thread

__all__ = ["binance_sim"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "binance_sim(**options): options of fastbinance.sim.Simulator for this test"
    )


@pytest.fixture
def binance_sim(request: pytest.FixtureRequest) -> Iterator[RunningSimulator]:
    """Run a simulator in a thread for one test; ``binance_sim.urls`` is what a client wants."""
    marker = request.node.get_closest_marker("binance_sim")
    with run_in_thread(**(marker.kwargs if marker is not None else {})) as simulator:
        yield simulator
