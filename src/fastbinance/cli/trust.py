"""A certificate that the caller of a command trusts."""

import ssl
from pathlib import Path

from fastbinance import ConfigurationError

__all__ = ["trusting"]


def trusting(certificate: Path) -> ssl.SSLContext:
    """Return a context that trusts a PEM file.

    Raises
    ------
    ConfigurationError
        It cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=str(certificate))
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or error
        raise ConfigurationError(
            f"--certificate {str(certificate)!r} cannot be read as a PEM file: {reason}"
        ) from None
