"""Why there is no TLS, or none to trust."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agent_bridge.diagnosis.navigation_facts import NavigationFacts, NavigationVerdict, in_brackets, net_error
from agent_bridge.diagnosis.texts import shown_url
from cmdop_browser.exceptions import NavigationCause
from cmdop_browser.exceptions.tips import phrase

if TYPE_CHECKING:
    import datetime as dt

    from agent_bridge.diagnosis.certificates import Certificate
    from agent_bridge.diagnosis.connection import Connection

_Cause = NavigationCause
TLS_CAUSES = frozenset({_Cause.TLS_EXPIRED, _Cause.TLS_WRONG_HOST, _Cause.TLS_SELF_SIGNED, _Cause.TLS_OTHER})

# What the codes of TLS_OTHER mean; for the rest the code stands by itself.
_TLS_FAULTS = (
    ("ERR_CERT_REVOKED", "its certificate was revoked"),
    ("ERR_CERT_WEAK_SIGNATURE_ALGORITHM", "its certificate is signed by a weak algorithm"),
    ("ERR_CERT_WEAK_KEY", "the key of its certificate is too weak"),
    ("ERR_CERT_VALIDITY_TOO_LONG", "its certificate is valid for longer than allowed"),
    ("ERR_CERT_NAME_CONSTRAINT_VIOLATION", "its authority may not vouch for this host"),
    ("CLIENT_AUTH_CERT", "the server wants a certificate of the client, and a session has none"),
    ("ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "the server offers only TLS that is too old"),
    ("ERR_SSL_UNRECOGNIZED_NAME_ALERT", "the server does not know this host name"),
)
_OLD_TLS = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
_TRUST_TIP = "for a site that you trust: create_session(ignore_https_errors=True)"


def speaks_old_tls(seen: Connection | None) -> bool:
    """Whether the server knows no TLS that browsers still speak."""
    return seen is not None and seen.tls_version in _OLD_TLS


def tls_verdict(facts: NavigationFacts, cause: NavigationCause | None, now: dt.datetime) -> NavigationVerdict:
    """Return why there is no TLS, or none to trust."""
    seen, host = facts.connection, urlsplit(facts.url).hostname or ""
    code = net_error(facts.text)
    if seen is not None and seen.speaks_no_tls:
        plain = "http" + facts.url[len("https") :]
        return NavigationVerdict(
            _Cause.TLS_OTHER, f"{facts.at} does not speak TLS", (f"try plain http: {shown_url(plain)}",)
        )
    if seen is not None and speaks_old_tls(seen):
        return NavigationVerdict(
            _Cause.TLS_OTHER,
            f"{facts.at} speaks nothing newer than {seen.tls_version}",
            ("browsers ended support for TLS 1.0 and 1.1: the server has to be updated",),
        )
    # What reads certificates takes long to load, and most agents never see a faulty one.
    from agent_bridge.diagnosis import certificates  # noqa: PLC0415

    certificate = certificates.parse(seen.certificate) if seen is not None and seen.certificate else None
    if certificate is not None and code.startswith("ERR_CERT_"):
        fault = certificates.fault_of(certificate, host, now)
        if fault is not None:
            return NavigationVerdict(fault[0], fault[1], _certificate_tips(fault[0], certificate))
    for name, meaning in _TLS_FAULTS:
        if name in code:
            return NavigationVerdict(_Cause.TLS_OTHER, f"{meaning}{in_brackets(facts.text)}", (_TRUST_TIP,))
    if code == "ERR_CERT_AUTHORITY_INVALID":
        issuer = f"{certificate.issuer!r}, who signed it," if certificate else "its issuer"
        return NavigationVerdict(
            _Cause.TLS_OTHER,
            f"the certificate of {host} is valid, but {issuer} is not trusted here",
            (
                "with a private CA: create_session(ignore_https_errors=True)",
                "or add the CA to the certificates that the browser trusts",
            ),
        )
    said = phrase(cause) if cause is not None and code.startswith("ERR_CERT_") else f"no TLS with {facts.at}"
    return NavigationVerdict(
        cause if cause in TLS_CAUSES else _Cause.TLS_OTHER, f"{said}{in_brackets(facts.text)}"
    )


def _certificate_tips(cause: NavigationCause, certificate: Certificate) -> tuple[str, ...]:
    if cause is _Cause.TLS_WRONG_HOST and certificate.names:
        name = certificate.names[0].removeprefix("*.")
        return (f"is {name} the host that you mean? then use that name", _TRUST_TIP)
    if cause is _Cause.TLS_EXPIRED:
        return ("check this machine's clock; else the site has to renew it", _TRUST_TIP)
    return (_TRUST_TIP,)
