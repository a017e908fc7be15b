"""The command ``fastbinance``. What it needs beyond the library comes with the extra ``cli``."""

import sys
from collections.abc import Sequence
from typing import Final

__all__ = ["main"]

_EXTRA: Final = frozenset(("cryptography", "cyclopts", "rich"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for what went wrong, 2 for a mistake in the arguments.

    Parameters
    ----------
    arguments
        What follows the program's name; None takes it from `sys.argv`.
    """
    try:
        # Imported here: without the extra there is a sentence to say, and Ctrl-C is no error at any moment.
        from fastbinance.cli.app import run

        return run(sys.argv[1:] if arguments is None else arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        print(
            f"fastbinance: the command line needs {missing}, which is not installed; "
            "this installs it: pip install 'fastbinance[cli]'",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 0
