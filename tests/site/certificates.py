"""Certificates that would expire in a file, and old TLS: made when the site starts."""

import datetime as dt
import ipaddress
import ssl
import tempfile
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_HERE = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
_ELSEWHERE = (x509.DNSName("elsewhere.example"), x509.DNSName("*.elsewhere.example"))


def made_certificates() -> dict[str, ssl.SSLContext]:
    """Return the server's side of TLS for each certificate that is made anew."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    day = dt.timedelta(days=1)
    return {
        "not_yet_valid": _serving(_HERE, now + day, now + 9 * day, issuer="tests site not_yet_valid"),
        "expired_by_ca": _serving(_HERE, now - 9 * day, now - day, issuer="tests site private CA"),
        "wrong_host_by_ca": _serving(_ELSEWHERE, now - day, now + 9 * day, issuer="tests site private CA"),
        "expired_wrong_host": _serving(_ELSEWHERE, now - 9 * day, now - day, issuer="tests site private CA"),
    }


def old_tls(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let *context* speak nothing newer than TLS 1.1, which browsers do not speak any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _serving(
    names: tuple[x509.GeneralName, ...], begin: dt.datetime, end: dt.datetime, *, issuer: str
) -> ssl.SSLContext:
    own_key = ec.generate_private_key(ec.SECP256R1())
    subject = _name("tests site not_yet_valid" if "not_yet" in issuer else "tests site")
    signer = own_key if subject == _name(issuer) else ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_name(issuer))
        .public_key(own_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(signer, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + own_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "certificate.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
