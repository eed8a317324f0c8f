"""`union/rest`: the JSON interface of a union station's system, as an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from adapters.union.rest import inbound, outbound
from gateway.model.receipt import Receipt
from gateway.ports import Draft, Keys, NativeAnswer, NativeCall, NativeRequest, Outcome, Parcel, PartnerEndpoint


class UnionRest:
    """camelCase JSON under an API key both ways; (intakeNo, rev) inbound and messageNo outbound make repeating safe."""

    profile = "union/rest"
    repeat: Literal["safe", "ask-first", "unsafe"] = "safe"
    sends = frozenset(inbound.PATHS.values())
    receives = frozenset(outbound.PATHS)

    def credential(self, request: NativeRequest) -> str:
        """The key id. Raises `AccessRefused`."""
        return inbound.credential(request)

    def authenticate(self, request: NativeRequest, endpoint: PartnerEndpoint, *, now: datetime) -> Mapping[str, str]:
        """The API key against `settings["key_digest"]`. Raises `AccessRefused`."""
        del now  # a key has no time of its own
        return inbound.authenticate(request, endpoint)

    def read(self, request: NativeRequest, endpoint: PartnerEndpoint) -> Draft:
        """A station's call as a draft. Raises `DialectRefused`."""
        return inbound.read(request, endpoint)

    def answer(self, draft: Draft | None, result: Receipt | Exception, endpoint: PartnerEndpoint) -> NativeAnswer:
        """`{success, ticketNo, errorCode, errorMessage}`."""
        del endpoint  # the answer's keys are the same in every region
        return inbound.answer(draft, result)

    def write(self, parcel: Parcel, endpoint: PartnerEndpoint, keys: Keys, *, now: datetime) -> NativeCall:
        """The call to the station's system. Raises `DialectRefused`, `UnknownCode`, `SettingRefused`."""
        del keys, now  # an API key is presented, nothing is signed
        return outbound.write(parcel, endpoint)

    def read_outcome(self, status: int, headers: Mapping[str, str], body: bytes, endpoint: PartnerEndpoint) -> Outcome:
        """What the answer means. Raises `DialectRefused` for garbage."""
        del headers, endpoint  # a station's answer says everything in its status and body
        return outbound.read_outcome(status, body)
