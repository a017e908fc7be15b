"""Refuse a picows that the compiled modules were not tried with, in a sentence."""

import re
from typing import Final

__all__ = ["check_picows"]

# The compiled feed reads picows's objects as they lay in the picows it was built against (2.3.1). At import,
# Cython compares the sizes of classes only, which two exchanged fields would pass. So only versions are let
# through whose .pxd declares the same classes; the first and the newest of them were run.
_FIRST: Final = (2, 1, 3)
_BEYOND: Final = (2, 4)
_NUMBERS: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def check_picows(installed: str | None = None) -> None:
    """Raise unless the installed picows has the memory layout that the compiled modules use.

    Parameters
    ----------
    installed
        A version to judge in place of the installed one.

    Raises
    ------
    ImportError
        There is no picows, or one outside the range; the message names both versions and the remedy.
    """
    wanted = f">={_text(_FIRST)},<{_text(_BEYOND)}"
    remedy = f'install one with: pip install "picows{wanted}"'
    if installed is None:
        try:
            import picows
        except ModuleNotFoundError as missing:
            if missing.name != "picows":
                raise
            raise ImportError(f"fastbinance needs picows {wanted}, and there is none; {remedy}") from None
        # Not from its metadata: frozen programs have none.
        installed = str(getattr(picows, "__version__", "one without a version"))
    found = _NUMBERS.match(installed)
    # A pre-release of the first version beyond has that version's numbers, and so is refused with it.
    if found is None or not _FIRST <= tuple(int(part or 0) for part in found.groups()) < _BEYOND:
        raise ImportError(f"fastbinance is compiled for picows {wanted}, not for {installed}; {remedy}")


def _text(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
