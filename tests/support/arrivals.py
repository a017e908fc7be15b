"""Arrivals of a day, seeded: what the streams of one line bring, and how a line that is sampled sees it.

Everything is receive times in seconds, as sorted NumPy arrays; `counts` turns them into what a feed shows.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

DAY = 86_400.0
PERIOD = 0.05


def activity(seconds: float, rng: np.random.Generator, night: float = 0.25, swing: float = 0.35) -> Times:
    """Draw how lively each second is: a day with a night, and moods of some ten minutes over it; mean 1."""
    at = np.arange(int(seconds) + 1)
    day = night + (1.0 - night) * 0.5 * (1.0 - np.cos(2.0 * np.pi * at / DAY))
    kept = np.exp(-60.0 / 600.0)
    steps = rng.normal(0.0, swing * np.sqrt(1.0 - kept * kept), len(at) // 60 + 2)
    moods = np.zeros(len(steps))
    for index in range(1, len(steps)):
        moods[index] = kept * moods[index - 1] + steps[index]
    level = day * np.exp(np.interp(at, np.arange(len(moods)) * 60.0, moods))
    return level / level.mean()


def poisson(rate: float, level: Times, rng: np.random.Generator) -> Times:
    """Draw steady arrivals of that mean rate, following the level."""
    per_second = rng.poisson(rate * level[:-1])
    return np.sort(np.repeat(np.arange(len(per_second)), per_second) + rng.random(per_second.sum()))


def bursts(
    rate: float, children: float, decay: float, level: Times, rng: np.random.Generator, generations: int = 12
) -> Times:
    """Draw Hawkes arrivals, as a branching process: each brings ``children`` more within about ``decay``."""
    alive = poisson(rate * (1.0 - children), level, rng)
    found = [alive]
    for _ in range(generations):
        offspring = rng.poisson(children, len(alive))
        alive = np.repeat(alive, offspring) + rng.exponential(decay, offspring.sum())
        found.append(alive)
    return np.sort(np.concatenate(found))


def pareto(rate: float, shape: float, level: Times, rng: np.random.Generator) -> Times:
    """Draw arrivals with gaps of a heavy tail: up to a ``shape`` of 2, their variance is infinite."""
    clock = np.cumsum(level)  # what time is worth
    gaps = (rng.pareto(shape, int(rate * clock[-1] * 1.2)) + 1.0) * (shape - 1.0) / shape / rate
    return np.interp(np.cumsum(gaps)[np.cumsum(gaps) < clock[-1]], clock, np.arange(len(clock)))


def paced(changes: Times, interval: float, offset: float = 0.0) -> Times:
    """Push at the end of each interval in which something changed."""
    slots = np.unique(np.floor((changes - offset) / interval))
    return (slots + 1.0) * interval + offset


def held_up(times: Times, pauses: Times, lengths: Times) -> Times:
    """Send arrivals through a network that holds everything up, for so long, at such times."""
    late = times.copy()
    for start, length in zip(pauses, lengths, strict=True):
        first, last = np.searchsorted(times, (start, start + length))
        late[first:last] = start + length
    return np.sort(late)


def counts(
    streams: Mapping[str, Times], seconds: float, start: float = 0.0
) -> Iterator[tuple[float, list[int]]]:
    """Yield time and counts of every sample, as `Liveness.sample` wants them, in the order of the mapping."""
    chunk = 72_000
    total = int((seconds - start) / PERIOD)
    for first in range(0, total, chunk):
        at = start + PERIOD * np.arange(first + 1, min(first + chunk, total) + 1)
        rows = np.stack([np.searchsorted(times, at, side="right") for times in streams.values()], axis=1)
        yield from zip(at.tolist(), rows.tolist(), strict=True)
