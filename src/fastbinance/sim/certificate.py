"""A certificate for loopback, made at start and trusted by nobody but those it is handed to."""

import datetime
import ipaddress
import ssl
import tempfile
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["loopback_contexts"]

_LIFETIME: Final = datetime.timedelta(days=30)
_SKEW: Final = datetime.timedelta(days=1)


def loopback_contexts(host: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for ``host`` and ``localhost``.

    Returns
    -------
    tuple
        The server's context, and a client's context that trusts this certificate and no other.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, host)
    public_pem = certificate.public_bytes(serialization.Encoding.PEM)
    private_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL reads chains from files only; the key is on disk for the length of this block, readable by us
    # alone.
    with tempfile.TemporaryDirectory(prefix="fastbinance-sim-") as folder:
        path = Path(folder, "loopback.pem")
        path.touch(mode=0o600)
        path.write_bytes(private_pem + public_pem)
        server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=public_pem.decode("ascii"))
    return server, client


def _self_signed(key: ec.EllipticCurvePrivateKey, host: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fastbinance simulator")])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    try:
        names.append(x509.IPAddress(ipaddress.ip_address(host)))
    except ValueError:
        names.append(x509.DNSName(host))
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    # It is its own authority: strict verification asks one for these extensions.
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
