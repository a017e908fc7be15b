"""What is secret, or no data, on its way to a feed in another process: over their pair of sockets only."""

import ssl
from dataclasses import dataclass, field
from typing import Final

from fastbinance._client_options import Settings
from fastbinance.credentials import Credentials
from fastbinance.errors import ConfigurationError

__all__ = ["HandedCredentials", "HandedTls", "check_handing_over", "hand_over_credentials", "hand_over_tls"]

# What is asked of a context, and set on one that is made like it.
_SETTINGS: Final = ("verify_mode", "verify_flags", "options", "minimum_version", "maximum_version")


def check_handing_over(settings: Settings) -> None:
    """Refuse what cannot go to another process, before there is one.

    Raises
    ------
    ConfigurationError
        See `hand_over_credentials` and `hand_over_tls`.
    """
    if settings.credentials is not None:
        hand_over_credentials(settings.credentials)
    if settings.connection.ssl_context is not None:
        hand_over_tls(settings.connection.ssl_context)


@dataclass(frozen=True, slots=True)
class HandedCredentials:
    """Credentials as they were given."""

    api_key: str = field(repr=False)
    api_secret: str | bytes = field(repr=False)
    password: str | bytes | None = field(repr=False)

    def made(self) -> Credentials:
        """Return credentials that sign alike."""
        return Credentials(self.api_key, self.api_secret, password=self.password)


def hand_over_credentials(credentials: Credentials) -> HandedCredentials:
    """Return what another process makes the same credentials from.

    Raises
    ------
    ConfigurationError
        They sign with a function of the caller's, which cannot leave this process.
    """
    given = credentials._given()
    if given is None:
        raise ConfigurationError(
            "credentials with sign= cannot go to a feed in another process: their function runs in this one;"
            " use feed='thread' or 'inline'"
        )
    return HandedCredentials(credentials.api_key, *given)


@dataclass(frozen=True, slots=True)
class HandedTls:
    """A TLS context by its settings and its trusted certificates."""

    settings: dict[str, int]
    check_hostname: bool
    certificates: tuple[bytes, ...]

    def made(self) -> ssl.SSLContext:
        """Return a context with the same."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        for name in _SETTINGS:
            kind = type(getattr(context, name))
            setattr(context, name, kind(self.settings[name]))
        context.check_hostname = self.check_hostname
        if self.certificates:
            context.load_verify_locations(
                cadata="".join(ssl.DER_cert_to_PEM_cert(one) for one in self.certificates)
            )
        return context


def hand_over_tls(context: ssl.SSLContext) -> HandedTls:
    """Return what another process makes a context like this one from.

    What cannot be asked of a context stays behind: a certificate of the client's own, ciphers, callbacks.

    Raises
    ------
    ConfigurationError
        It is of a class of the caller's own, which does what nobody can know.
    """
    if type(context) is not ssl.SSLContext:
        raise ConfigurationError(
            f"a {type(context).__name__} cannot go to a feed in another process; an ssl.SSLContext can"
        )
    certificates = tuple(context.get_ca_certs(binary_form=True))
    if not certificates and context.verify_mode is not ssl.CERT_NONE:
        # Those of a directory are read when they are needed, and cannot be asked for before.
        raise ConfigurationError(
            "the ssl_context has no trusted certificates that can be handed to another process: load them"
            " with cafile= or cadata=, not capath="
        )
    return HandedTls(
        settings={name: int(getattr(context, name)) for name in _SETTINGS},
        check_hostname=context.check_hostname,
        certificates=certificates,
    )
