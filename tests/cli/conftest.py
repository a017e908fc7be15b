"""The command as a process of its own, the way users run it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import fastbinance

DEADLINE_SECONDS = 60.0

Command = list[str]


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Environment of the processes: this very package, and nothing of the terminal that tests run in."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "TERM", "LINES", "COLUMNS", "TTY_COMPATIBLE")
    }
    return kept | {
        "PYTHONPATH": str(Path(fastbinance.__file__).parents[1]),
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "100",
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the command to its end."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "fastbinance", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=DEADLINE_SECONDS,
            check=False,
        )

    return run


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start the command; whatever is left of it is killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "fastbinance", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with closing(process):
            process.kill()


@contextmanager
def closing(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Close the pipes and collect the process."""
    with process:
        yield
