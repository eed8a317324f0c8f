"""`canonical/https`: partners that speak the signed envelope itself; what is sent is what was signed, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Literal

from adapters import http_status
from gateway.errors import AccessRefused, DialectRefused, UnreadableEnvelope
from gateway.model.receipt import Receipt
from gateway.ports import Draft, Keys, NativeAnswer, NativeCall, NativeRequest, Outcome, Parcel, PartnerEndpoint
from gateway.xml.limits import Limits
from gateway.xml.names import RECEIPT
from gateway.xml.parse import parse

#: Every message of every shipped schema travels here; a set that contains all.
_MESSAGES = re.compile(r"[a-z][a-z-]{1,30}\.[A-Z][A-Za-z]{1,60}\Z")
_TAKEN = frozenset({"accepted", "received", "delivered", "retrieved", "relayed", "delayed"})
_ENTRY = "a partner of canonical/https posts its envelope to /v1/messages, where its XML signature is its credential"


class _Everything(frozenset[str]):
    """All message types: `in` asks for the form of the name."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _MESSAGES.match(name) is not None


class CanonicalHttps:
    """The envelope POSTed as it is; a receipt about a message is POSTed as it is signed."""

    profile = "canonical/https"
    repeat: Literal["safe", "ask-first", "unsafe"] = "safe"
    sends: frozenset[str] = _Everything()
    receives: frozenset[str] = _Everything()

    def credential(self, request: NativeRequest) -> str:
        """There is none here. Raises `AccessRefused` saying where envelopes are taken."""
        del request  # no header of it is a credential
        raise AccessRefused(_ENTRY, code="ACC-025")

    def authenticate(self, request: NativeRequest, endpoint: PartnerEndpoint, *, now: datetime) -> Mapping[str, str]:
        """Raises `AccessRefused` as `credential` does."""
        del request, endpoint, now  # as above
        raise AccessRefused(_ENTRY, code="ACC-025")

    def read(self, request: NativeRequest, endpoint: PartnerEndpoint) -> Draft:
        """Raises `DialectRefused`: a signed envelope needs no draft."""
        del request, endpoint  # as above
        raise DialectRefused(_ENTRY, code="DIA-013")

    def answer(self, draft: Draft | None, result: Receipt | Exception, endpoint: PartnerEndpoint) -> NativeAnswer:
        """The signed receipt, or the refusal's text."""
        del draft, endpoint  # the receipt says it all
        if isinstance(result, Receipt):
            return NativeAnswer(status=202, media_type="application/xml", body=result.xml)
        return NativeAnswer(status=403, media_type="text/plain; charset=utf-8", body=str(result).encode())

    def write(self, parcel: Parcel, endpoint: PartnerEndpoint, keys: Keys, *, now: datetime) -> NativeCall:
        """The envelope, or the receipt, as it was signed."""
        del keys, now  # what is sent was signed long before
        body = parcel.receipt.xml if parcel.receipt else parcel.raw
        token = endpoint.secret.decode("ascii", errors="replace")
        headers = [("Content-Type", "application/xml")]
        if token:
            headers.append(("Authorization", f"Bearer {token}"))
        return NativeCall(method="POST", url=endpoint.url, headers=tuple(headers), body=body)

    def read_outcome(self, status: int, headers: Mapping[str, str], body: bytes, endpoint: PartnerEndpoint) -> Outcome:
        """2xx is taken, with the number that a receipt in the body names; a rejecting receipt is a refusal whatever the status."""
        del headers, endpoint  # the status and the body say it all
        kind, reference, code = _receipt(body)
        if http_status.try_again(status):
            return Outcome(taken=False, native_code=str(status), native_text="HTTP", retryable=True)
        if kind and kind not in _TAKEN:
            return Outcome(
                taken=False,
                native_ref=reference,
                native_code=code or kind,
                native_text=f"the partner's receipt is {kind}",
            )
        if http_status.taken(status):
            return Outcome(
                taken=True, native_ref=reference, native_code=kind, repeated=status == HTTPStatus.ALREADY_REPORTED
            )
        return Outcome(taken=False, native_code=str(status), native_text="HTTP")


def _receipt(body: bytes) -> tuple[str, str, str]:
    """(kind, message id, first finding's code) of a receipt in the answer; empty where there is none.

    Its signature is not judged: nothing is believed of it but what the HTTP answer of the configured endpoint may say itself.
    """
    if not body.lstrip().startswith(b"<"):
        return "", "", ""
    try:
        root = parse(body, Limits())
    except UnreadableEnvelope:
        return "", "", ""
    if root.tag != f"{{{RECEIPT}}}Receipt":
        return "", "", ""
    found = {name: root.findtext(f".//{{{RECEIPT}}}{name}") or "" for name in ("Kind", "MessageId", "Code")}
    return found["Kind"], found["MessageId"], found["Code"]
