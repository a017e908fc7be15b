"""The commands together: what is typed becomes a call, and what goes wrong becomes a sentence."""

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, UnknownOptionError

from fastbinance import ConfigurationError, FastBinanceError
from fastbinance._version import __version__
from fastbinance.cli.demo import demo
from fastbinance.cli.serve import doctor, serve
from fastbinance.cli.sim import sim
from fastbinance.cli.watch import watch

__all__ = ["app", "run"]

app = App(
    name="fastbinance",
    help="Binance market data in NumPy rings, from the command line.",
    version=__version__,
    help_format="plaintext",
)
app.command(demo)
app.command(doctor)
app.command(serve)
app.command(sim)
app.command(watch)


def run(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    try:
        command, bound, _ = app.parse_args(list(arguments), exit_on_error=False, print_error=False)
    except CycloptsError as error:
        is_unknown = isinstance(error, UnknownOptionError)
        return _complain(f"{error} The command's --help lists them." if is_unknown else error, 2)
    try:
        return command(*bound.args, **bound.kwargs) or 0
    except ConfigurationError as error:
        return _complain(error, 2)
    except (FastBinanceError, MemoryError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            return _stop_writing()
        return _complain(error, 1)


def _complain(what: object, code: int) -> int:
    print("fastbinance:", " ".join(str(what).split()), file=sys.stderr)
    return code


def _stop_writing() -> int:
    # Whoever read our lines has seen enough, as `head` does. What is still buffered must not fail at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
