"""What holds for every test: no deadline that a busy machine misses, and where captured messages lie."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# hypothesis's profile "ci" draws the same examples every time; a deadline per example measures the machine.
_BASE = settings.get_profile("ci" if "CI" in os.environ else "default")
settings.register_profile("fastbinance", _BASE, deadline=None)
settings.load_profile("fastbinance")


def captures_directory() -> Path | None:
    """Find the captured messages: FASTBINANCE_CAPTURES, or ``../shared/captures`` beside the checkout."""
    named = os.environ.get("FASTBINANCE_CAPTURES")
    directory = Path(named) if named else Path(__file__).parents[2] / "shared" / "captures"
    return directory if directory.is_dir() else None


@pytest.fixture(scope="session")
def captures() -> Path:
    """Directory of captured messages; what asks for it is skipped where there is none."""
    directory = captures_directory()
    if directory is None:
        pytest.skip("no captured messages: FASTBINANCE_CAPTURES names their directory")
    return directory
