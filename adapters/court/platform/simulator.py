"""A simulated court platform: designates, acknowledges, closes, and takes what comes back.

`python -m adapters.court.platform.simulator --port P --state FILE --gateway URL --config FILE`; see README.md for the settings.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from adapters import json_body, samples
from adapters.books import Books, Effect
from adapters.court.platform import request_signature
from adapters.court.platform.outbound import PATHS, RECEIPT_PATH
from adapters.court.platform.sample_calls import Court, acknowledgement, closing, designation
from adapters.simulator import Act, Clock, Incoming, Refused, Reply, run
from gateway.errors import AccessRefused, DialectRefused
from gateway.ports import NativeRequest

_MESSAGES = {path: message for message, path in PATHS.items()} | {RECEIPT_PATH: "receipt"}
_GATEWAY_PATHS = {"designate": "/mediation/designate", "ack": "/mediation/ack", "close": "/mediation/close"}


class CourtSystem:
    """The partner behind the simulator: its key, its numbers, its words."""

    profile = "court/platform"

    def __init__(self, config: Mapping[str, Any], clock: Clock) -> None:
        """Reads both keys at once, so that a missing file shows at start."""
        self.app_id = str(config["app_id"])
        self._key = Path(config["key"]).read_bytes()
        self._gateway_key = Path(config["gateway_key"]).read_bytes()
        self._court = Court(**config.get("court", {}))
        self._clock = clock
        self._nonces: set[str] = set()

    def take(self, call: Incoming, books: Books) -> tuple[Effect, Callable[[Effect, bool], Reply]]:
        """Signature, nonce, message, case. Raises `Refused`."""
        message = _MESSAGES.get(call.path)
        if message is None:
            raise Refused(_reply("1404", f"没有接口 {call.path}"))
        request = NativeRequest(
            method=call.method, path=call.path, query=call.query, headers=call.headers, body=call.body
        )
        try:
            evidence = request_signature.verify(request, self._gateway_key, now=self._clock.now())
            native = json_body.read_object(call.body)
        except (AccessRefused, DialectRefused) as refused:
            raise Refused(_reply("4010" if isinstance(refused, AccessRefused) else "4001", str(refused))) from None
        if evidence["nonce"] in self._nonces:
            raise Refused(_reply("4011", "随机数已使用"))
        self._nonces.add(evidence["nonce"])
        number = self._case_of(native, books)
        if not number and message != "receipt":
            raise Refused(_reply("1404", "没有这件委派"))
        if message == "mediation.ResultSuccess":
            books.keep_case(number, {"XYBH": str(native.get("XYBH") or native["TJXY"]["XYBH"])})
        reference = f"FYJS{books.next('receipt'):06d}"
        return Effect(
            key=str(native.get("LSH")), message=message, number=number, native=native, reference=reference, calls=1
        ), _taken

    def wrong(self) -> Reply:
        """A code that no table has."""
        return _reply("7777", "未知错误")

    def prepare(self, action: str, data: Mapping[str, Any], books: Books) -> Act:
        """designate, ack, close."""
        path, now = _GATEWAY_PATHS[action], self._clock.now()
        serial = f"FY{samples.instant(now, '%Y%m%d')}{books.next('serial'):06d}"
        if action == "designate":
            count = books.next("case")
            number = str(data.get("WPBH") or f"WP{samples.day(now, '%Y')}-{count:05d}")
            native = designation(self._court, samples.dispute(count, data), data, now=now)
            books.keep_case(
                number, {key: native[key] for key in ("TJAH", "AJBS", "DSR", "MJ", "TYPZH") if key in native}
            )
        else:
            number = str(data.get("number") or books.find_case())
            case = books.case(number)
            if case is None:
                raise KeyError(f"no case {number!r}")
            native = (acknowledgement if action == "ack" else closing)(case, data, now=now)
        sent = samples.instant(now)
        control = {
            "LSH": data.get("LSH") or serial,
            "SJLX": data.get("SJLX", "1"),
            "FSSJ": sent,
            "WPBH": number,
            "CZR": "T-0007",
        }
        if data.get("YLSH"):
            control["YLSH"] = data["YLSH"]
        native = samples.merged(control | native, data.get("overrides") or {})
        return Act(key=str(native["LSH"]), action=action, number=number, path=path, body=json_body.write_object(native))

    def headers(self, act: Act) -> Mapping[str, str]:
        """A fresh timestamp, nonce and signature."""
        timestamp, nonce = str(int(self._clock.now().timestamp() * 1000)), secrets.token_hex(16)
        request = NativeRequest(method="POST", path=act.path, query="", headers={}, body=act.body)
        data = request_signature.canonical_request(request, timestamp, nonce)
        return {
            "Content-Type": "application/json; charset=utf-8",
            "X-App-Id": self.app_id,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": request_signature.sign(data, self._key),
        }

    def later(self, status: int, body: bytes) -> bool:
        """5000 and its like come with HTTP 200."""
        return status == HTTPStatus.OK and _answer(body).get("code", "").startswith("50")

    def understood(self, act: Act, status: int, body: bytes, books: Books) -> bool:
        """Code 0; the gateway's message id is noted with the case, so that receipts find it."""
        answer = _answer(body)
        taken = status == HTTPStatus.OK and answer.get("code") == "0"
        if taken:
            books.keep_case(act.number, {f"XXBH:{act.action}": answer["data"]["XXBH"], "GLBH": answer["data"]["GLBH"]})
        return taken

    def _case_of(self, native: Mapping[str, Any], books: Books) -> str:
        number = str(native.get("WPBH") or "")
        if books.case(number) is not None:
            return number
        for key in ("TJAH", "GLBH"):
            if native.get(key) and (found := books.find_case(**{key: str(native[key])})):
                return found
        return ""


def _taken(effect: Effect, repeated: bool) -> Reply:  # noqa: FBT001 - the skeleton calls it with the two facts in order
    return _reply("1001" if repeated else "0", "重复报送" if repeated else "成功", effect.reference)


def _reply(code: str, text: str, reference: str = "") -> Reply:
    data = {"LSH": reference} if reference else {}
    return Reply(body=json_body.write_object({"code": code, "msg": text, "data": data}))


def _answer(body: bytes) -> dict[str, Any]:
    try:
        return json_body.read_object(body)
    except DialectRefused:
        return {}


if __name__ == "__main__":
    run(CourtSystem)
