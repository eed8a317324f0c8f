"""A simulated partner that speaks the envelope itself: it keeps what is POSTed to it, and posts what it is told to.

`python -m adapters.canonical.https.simulator --port P --state FILE --gateway URL --config FILE`. It holds no signing key: the envelopes
that it sends are signed by whoever drives it (`gateway send`, a test) and given to it as text.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from adapters.books import Books, Effect
from adapters.simulator import Act, Clock, Incoming, Refused, Reply, run
from gateway.errors import UnreadableEnvelope
from gateway.xml.limits import Limits
from gateway.xml.names import ENVELOPE, RECEIPT
from gateway.xml.parse import parse


class CanonicalSystem:
    """The partner behind the simulator."""

    profile = "canonical/https"

    def __init__(self, config: Mapping[str, Any], clock: Clock) -> None:
        """`token`, where the gateway must present one."""
        self._token = str(config.get("token", ""))
        del clock  # nothing that this partner says has a time of its own

    def take(self, call: Incoming, books: Books) -> tuple[Effect, Callable[[Effect, bool], Reply]]:
        """Token, envelope or receipt. Raises `Refused`."""
        presented = next((value for name, value in call.headers.items() if name.lower() == "authorization"), "")
        if self._token and not hmac.compare_digest(presented.encode(), f"Bearer {self._token}".encode()):
            raise Refused(Reply(status=401, media_type="text/plain", body=b"token"))
        try:
            root = parse(call.body, Limits())
        except UnreadableEnvelope as refused:
            raise Refused(Reply(status=400, media_type="text/plain", body=str(refused).encode())) from None
        namespace = RECEIPT if root.tag == f"{{{RECEIPT}}}Receipt" else ENVELOPE
        message_id = root.findtext(f".//{{{namespace}}}MessageId") or hashlib.sha256(call.body).hexdigest()
        if namespace == RECEIPT:
            kind, message = root.findtext(f".//{{{namespace}}}Kind") or "", "receipt"
            message_id = f"{message_id}/{kind}"
        else:
            message = root.findtext(f".//{{{namespace}}}MessageType") or ""
        number = root.findtext(f".//{{{namespace}}}ConversationId") or ""
        native = {"xml": call.body.decode("utf-8")}
        reference = f"CN{books.next('receipt'):06d}"
        return Effect(
            key=message_id, message=message, number=number, native=native, reference=reference, calls=1
        ), _taken

    def wrong(self) -> Reply:
        """A status that says no."""
        return Reply(status=422, media_type="text/plain", body=b"wrong")

    def prepare(self, action: str, data: Mapping[str, Any], books: Books) -> Act:
        """send: `envelope` is the signed XML as text."""
        if action != "send":
            raise KeyError(action)
        body = str(data["envelope"]).encode()
        key = str(data.get("key") or f"send-{books.next('send')}")
        return Act(key=key, action=action, number=str(data.get("number", "")), path="", body=body)

    def headers(self, act: Act) -> Mapping[str, str]:
        """XML."""
        del act  # the envelope's signature is its credential
        return {"Content-Type": "application/xml"}

    def later(self, status: int, body: bytes) -> bool:
        """A 503 says it."""
        del body  # the status says enough
        return status == HTTPStatus.SERVICE_UNAVAILABLE

    def understood(self, act: Act, status: int, body: bytes, books: Books) -> bool:
        """202 with a signed receipt."""
        del act, books  # there is nothing to note
        return status == HTTPStatus.ACCEPTED and body.lstrip().startswith(b"<")


def _taken(effect: Effect, repeated: bool) -> Reply:  # noqa: FBT001 - the skeleton calls it with the two facts in order
    return Reply(status=208 if repeated else 202, media_type="text/plain", body=effect.reference.encode())


if __name__ == "__main__":
    run(CanonicalSystem)
