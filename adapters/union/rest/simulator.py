"""A simulated station: takes what a court designates, mediates, reports, and applies for review.

`python -m adapters.union.rest.simulator --port P --state FILE --gateway URL --config FILE`; see README.md for the settings.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from adapters import json_body, samples
from adapters.books import Books, Effect
from adapters.simulator import Act, Clock, Incoming, Refused, Reply, run
from adapters.union.rest.codes import CODES
from adapters.union.rest.outbound import PATHS, RECEIPT_PATH
from adapters.union.rest.sample_calls import MEDIATION, at, head
from adapters.union.rest.sample_reviews import REVIEWS, SESSIONS
from gateway.errors import DialectRefused

_MESSAGES = {path: message for message, path in PATHS.items()} | {RECEIPT_PATH: "receipt"}
_ACTIONS = {**MEDIATION, **SESSIONS, **REVIEWS}
#: What this station's system calls 经济补偿金纠纷 of 2025, in the place of the profile's own number for it.
OWN_DISPUTE_TYPE = "NM0206"
#: The number of the base table that this station's system does not know.
UNKNOWN_DISPUTE_TYPE = CODES["disputeType"].write("2025:205(6)")
_KEPT = ("conversationNo", "preMediationNo", "caseMark", "consentRef", "classification", "parties", "disputeType")


class StationSystem:
    """The partner behind the simulator: its keys, its dispute types, its numbers."""

    profile = "union/rest"

    def __init__(self, config: Mapping[str, Any], clock: Clock) -> None:
        """`key` is presented to the gateway, `accepts` is what the gateway must present."""
        self._key, self._accepts = str(config["key"]), str(config["accepts"])
        self._arbitration = str(config.get("arbitration", "arbitration:t-hohhot"))
        base = (CODES["disputeType"].native - {UNKNOWN_DISPUTE_TYPE}) | {OWN_DISPUTE_TYPE}
        self._dispute_types = frozenset(config.get("dispute_types") or base)
        self._clock = clock

    def take(self, call: Incoming, books: Books) -> tuple[Effect, Callable[[Effect, bool], Reply]]:
        """Key, message, dispute type, case. Raises `Refused`."""
        message = _MESSAGES.get(call.path)
        presented = next((value for name, value in call.headers.items() if name.lower() == "x-api-key"), "")
        if not hmac.compare_digest(presented.encode(), self._accepts.encode()):
            raise Refused(_refusal(401, "UNAUTHORIZED", "密钥不符"))
        if message is None:
            raise Refused(_refusal(404, "NOT_FOUND", f"没有接口 {call.path}"))
        try:
            native = json_body.read_object(call.body)
        except DialectRefused as refused:
            raise Refused(_refusal(400, "UNREADABLE", str(refused))) from None
        earlier = books.effect(str(native.get("messageNo")))
        number = earlier.number if earlier else self._number(message, native, books)
        reference = f"TK{samples.day(self._clock.now(), '%Y%m%d')}{books.next('ticket'):06d}"
        return Effect(
            key=str(native.get("messageNo")),
            message=message,
            number=number,
            native=native,
            reference=reference,
            calls=1,
        ), _taken

    def wrong(self) -> Reply:
        """A code that no table has."""
        return _refusal(200, "E7777", "未知错误")

    def prepare(self, action: str, data: Mapping[str, Any], books: Books) -> Act:
        """accept, reject, assign … review-apply …: every action of `sample_calls` and `sample_reviews`."""
        path, make = _ACTIONS[action]
        number = self._asked(data, books)
        case = books.case(number)
        if case is None:
            raise KeyError(f"no case {data.get('case')!r}")
        case = {"arbitration": self._arbitration} | case
        if action == "success" and "agreementNo" not in case:
            case["agreementNo"] = f"工调字〔{samples.day(self._clock.now(), '%Y')}〕第{books.next('agreement'):03d}号"
        if action == "review-apply" and "applicationNo" not in case:
            case["applicationNo"] = f"SQ-{samples.day(self._clock.now(), '%Y')}-{books.next('application'):04d}"
        now = self._clock.now()
        made = make(case, data, now)
        if action == "success":
            case["agreement"] = made["agreement"]
        books.keep_case(number, case)
        control: dict[str, Any] = {
            "rev": str(data.get("rev") or books.next(f"rev:{number}")),
            "sentAt": at(now),
            "operator": "T-OP-01",
        }
        if action in REVIEWS:
            control["applicationNo"] = case.get("applicationNo", "")
        for name in ("kind", "correctsRev"):
            if data.get(name):
                control[name] = data[name]
        native = samples.merged(control | head(case) | made, data.get("overrides") or {})
        key = f"{native.get('intakeNo', '')}/{native.get('rev', '')}"
        return Act(key=key, action=action, number=number, path=path, body=json_body.write_object(native))

    def headers(self, act: Act) -> Mapping[str, str]:
        """The API key."""
        del act  # the key is the same for every call
        return {"Content-Type": "application/json; charset=utf-8", "X-Api-Key": self._key}

    def later(self, status: int, body: bytes) -> bool:
        """A 503 says it."""
        del body  # the status says enough
        return status == HTTPStatus.SERVICE_UNAVAILABLE

    def understood(self, act: Act, status: int, body: bytes, books: Books) -> bool:
        """`success`; the gateway's ticket is noted with the case."""
        try:
            answer = json_body.read_object(body)
        except DialectRefused:
            return False
        taken = status == HTTPStatus.OK and answer.get("success") == "true"
        if taken:
            books.keep_case(act.number, {f"ticket:{act.action}": answer.get("ticketNo", "")})
        return taken

    def _number(self, message: str, native: Mapping[str, Any], books: Books) -> str:
        """The case's intake number: a new one for a designation, the known one for what follows. Raises `Refused`."""
        if message == "mediation.DesignationRequest":
            if native.get("disputeType") not in self._dispute_types:
                raise Refused(_refusal(200, "UNKNOWN_DISPUTE_TYPE", f"本系统没有纠纷类型 {native.get('disputeType')}"))
            number = f"XGF-{samples.day(self._clock.now(), '%Y')}-{books.next('intake'):04d}"
            books.keep_case(number, {"intakeNo": number} | {key: native[key] for key in _KEPT if key in native})
            return number
        number = str(native.get("stationIntakeNo") or native.get("intakeNo") or "")
        if books.case(number) is None:
            number = (
                books.find_case(preMediationNo=str(native["preMediationNo"])) if native.get("preMediationNo") else ""
            )
        if not number and message != "receipt":
            raise Refused(_refusal(200, "NO_SUCH_INTAKE", "没有这件登记"))
        return number

    def _asked(self, data: Mapping[str, Any], books: Books) -> str:
        """The case that an action is about: by intake number, by the court's number, or the newest."""
        asked = str(data.get("case") or "")
        if not asked:
            return books.find_case()
        return asked if books.case(asked) is not None else books.find_case(preMediationNo=asked)


def _taken(effect: Effect, repeated: bool) -> Reply:  # noqa: FBT001 - the skeleton calls it with the two facts in order
    answer: dict[str, Any] = {"success": not repeated, "ticketNo": effect.reference}
    if effect.message == "mediation.DesignationRequest":
        answer["intakeNo"] = effect.number
    if repeated:
        answer |= {"errorCode": "DUPLICATE", "errorMessage": "已收到过"}
    return Reply(body=json_body.write_object(answer))


def _refusal(status: int, code: str, text: str) -> Reply:
    return Reply(
        status=status, body=json_body.write_object({"success": False, "errorCode": code, "errorMessage": text})
    )


if __name__ == "__main__":
    run(StationSystem)
