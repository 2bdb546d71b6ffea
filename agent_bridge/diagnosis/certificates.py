"""What is wrong with a certificate, seen in the certificate itself.

Chromium names an unknown issuer before anything else, also when the certificate
has expired or is for another host, which no other issuer would heal.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from cmdop_browser.exceptions import NavigationCause

if TYPE_CHECKING:
    import datetime as dt

_SHOWN_NAMES = 5
_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server's certificate says.

    Attributes:
        subject: Whose it is.
        issuer: Who signed it.
        names: Hosts that it is for, as DNS names and addresses.
        self_signed: Nobody but its own key vouches for it.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    begins: dt.datetime
    ends: dt.datetime
    self_signed: bool

    def is_for(self, host: str) -> bool:
        """Whether *host* is one of its names; a star stands for one label."""
        host = host.lower().rstrip(".")
        parent = host.partition(".")[2]
        return any(name == host or (bool(parent) and name == f"*.{parent}") for name in self.names)


def parse(der: bytes) -> Certificate | None:
    """Return what *der* says, None when it is no certificate that can be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=_common_name(certificate.subject),
            issuer=_common_name(certificate.issuer),
            names=_names(certificate),
            begins=certificate.not_valid_before_utc,
            ends=certificate.not_valid_after_utc,
            self_signed=_signs_itself(certificate),
        )
    except (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension):
        return None


def fault_of(certificate: Certificate, host: str, now: dt.datetime) -> tuple[NavigationCause, str] | None:
    """Return the worst that is wrong with *certificate* for *host*, None when only trust is missing."""
    if now > certificate.ends:
        return NavigationCause.TLS_EXPIRED, f"the certificate expired on {certificate.ends:%Y-%m-%d}"
    if now < certificate.begins:
        day = f"{certificate.begins:%Y-%m-%d}"
        return NavigationCause.TLS_EXPIRED, f"the certificate is not valid before {day}"
    if not certificate.is_for(host):
        names = _listed(certificate)
        return NavigationCause.TLS_WRONG_HOST, f"the certificate is for {names}, not for {host}"
    if certificate.self_signed:
        return NavigationCause.TLS_SELF_SIGNED, f"the certificate of {host} is self-signed"
    return None


def _listed(certificate: Certificate) -> str:
    names = certificate.names[:_SHOWN_NAMES]
    more = len(certificate.names) - len(names)
    if not names:
        return "no host at all"
    return ", ".join(names) + (f" and {more} more" if more else "")


def _common_name(name: x509.Name) -> str:
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            return str(attribute.value)[:_MAX_NAME]
    return name.rfc4514_string()[:_MAX_NAME]


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = [name.lower()[:_MAX_NAME] for name in found.get_values_for_type(x509.DNSName)]
    return (*dns, *(_address(address) for address in found.get_values_for_type(x509.IPAddress)))


def _address(address: object) -> str:
    return str(ipaddress.ip_address(str(address))) if "/" not in str(address) else str(address)


def _signs_itself(certificate: x509.Certificate) -> bool:
    if certificate.issuer != certificate.subject:
        return False
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
