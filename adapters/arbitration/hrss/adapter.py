"""`arbitration/hrss`: the SOAP interface of an arbitration institution's system, as an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from adapters.arbitration.hrss import inbound, outbound
from gateway.model.receipt import Receipt
from gateway.ports import Draft, Keys, NativeAnswer, NativeCall, NativeRequest, Outcome, Parcel, PartnerEndpoint


class ArbitrationHrss:
    """One SOAP method both ways, tags of the 金保 family, XMLDSig in the body; a serial makes repeating safe."""

    profile = "arbitration/hrss"
    repeat: Literal["safe", "ask-first", "unsafe"] = "safe"
    sends = frozenset(inbound.TRADES.values())
    receives = frozenset(outbound.TRADES)

    def credential(self, request: NativeRequest) -> str:
        """The system code. Raises `AccessRefused`."""
        return inbound.credential(request)

    def authenticate(self, request: NativeRequest, endpoint: PartnerEndpoint, *, now: datetime) -> Mapping[str, str]:
        """The body's signature under `settings["certificate"]`; a repeated document is one message by its serial. Raises `AccessRefused`."""
        del now  # the document's serial is claimed for good, so that its age proves nothing more
        return inbound.authenticate(request, endpoint)

    def read(self, request: NativeRequest, endpoint: PartnerEndpoint) -> Draft:
        """An institution's call as a draft. Raises `DialectRefused`."""
        return inbound.read(request, endpoint)

    def answer(self, draft: Draft | None, result: Receipt | Exception, endpoint: PartnerEndpoint) -> NativeAnswer:
        """`rc` and `rm` in a SOAP response."""
        return inbound.answer(draft, result, endpoint)

    def write(self, parcel: Parcel, endpoint: PartnerEndpoint, keys: Keys, *, now: datetime) -> NativeCall:
        """The signed call to the institution. Raises `DialectRefused`, `SettingRefused`."""
        return outbound.write(parcel, endpoint, keys, now=now)

    def read_outcome(self, status: int, headers: Mapping[str, str], body: bytes, endpoint: PartnerEndpoint) -> Outcome:
        """What `rc` means. Raises `DialectRefused` for garbage."""
        del headers, endpoint  # an institution's answer says everything in its body
        return outbound.read_outcome(status, body)
