"""`court/platform`: the JSON interface of a court's mediation platform, as an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from adapters.court.platform import inbound, outbound, request_signature
from gateway.errors import AccessRefused
from gateway.model.receipt import Receipt
from gateway.ports import Draft, Keys, NativeAnswer, NativeCall, NativeRequest, Outcome, Parcel, PartnerEndpoint


class CourtPlatform:
    """Pinyin JSON both ways with a signed request; every call carries a serial (`LSH`), so that repeating is safe."""

    profile = "court/platform"
    repeat: Literal["safe", "ask-first", "unsafe"] = "safe"
    sends = frozenset(inbound.PATHS.values())
    receives = frozenset(outbound.PATHS)

    def credential(self, request: NativeRequest) -> str:
        """The app id. Raises `AccessRefused`."""
        app_id = request_signature.lowered(request.headers).get("x-app-id", "")
        if not app_id:
            raise AccessRefused("the call has no X-App-Id", code="ACC-020")
        return app_id

    def authenticate(self, request: NativeRequest, endpoint: PartnerEndpoint, *, now: datetime) -> Mapping[str, str]:
        """The request signature under the key of `settings["public_key"]`. Raises `AccessRefused`."""
        if self.credential(request) != endpoint.settings.get("credential"):
            raise AccessRefused("X-App-Id is not this endpoint's", code="ACC-020")
        return request_signature.verify(request, str(endpoint.settings.get("public_key", "")).encode(), now=now)

    def read(self, request: NativeRequest, endpoint: PartnerEndpoint) -> Draft:
        """A court's call as a draft. Raises `DialectRefused`."""
        return inbound.read(request, endpoint)

    def answer(self, draft: Draft | None, result: Receipt | Exception, endpoint: PartnerEndpoint) -> NativeAnswer:
        """`{"code","msg","data"}`, HTTP 200 even for refusals."""
        del endpoint  # the answer's keys are the same in every region
        return inbound.answer(draft, result)

    def write(self, parcel: Parcel, endpoint: PartnerEndpoint, keys: Keys, *, now: datetime) -> NativeCall:
        """The signed call to the court. Raises `DialectRefused`, `SettingRefused`."""
        return outbound.write(parcel, endpoint, keys, now=now)

    def read_outcome(self, status: int, headers: Mapping[str, str], body: bytes, endpoint: PartnerEndpoint) -> Outcome:
        """What the court's answer means. Raises `DialectRefused` for garbage."""
        del headers, endpoint  # a court's answer says everything in its body
        return outbound.read_outcome(status, body)
