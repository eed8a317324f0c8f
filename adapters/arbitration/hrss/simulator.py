"""A simulated arbitration institution: takes applications for review, decides, serves, closes.

`python -m adapters.arbitration.hrss.simulator --port P --state FILE --gateway URL --config FILE`; see README.md for the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from adapters import samples
from adapters.arbitration.hrss import body_signature, document, soap
from adapters.arbitration.hrss.outbound import RECEIPT_TRADE, TRADES
from adapters.arbitration.hrss.pem_keys import PemKeys
from adapters.arbitration.hrss.sample_calls import ACTIONS, INSTANT, head
from adapters.books import Books, Effect
from adapters.simulator import Act, Clock, Incoming, Refused, Reply, run
from gateway.errors import AccessRefused, DialectRefused

_MESSAGES = {trade: message for message, trade in TRADES.items()} | {RECEIPT_TRADE: "receipt"}
_KEPT = ("BZP002", "BZP003", "BZP009", "BZP016", "BZP017", "BZU003")
_MEDIA = "text/xml"


class InstitutionSystem:
    """The partner behind the simulator: its certificate, its numbers, its rc."""

    profile = "arbitration/hrss"

    def __init__(self, config: Mapping[str, Any], clock: Clock) -> None:
        """Reads key and certificates at once, so that a missing file shows at start."""
        self._system_code = str(config["system_code"])
        self._keys = PemKeys(Path(config["key"]).read_bytes(), Path(config["certificate"]).read_bytes())
        self._gateway_certificate = Path(config["gateway_certificate"]).read_bytes()
        self._encoding = str(config.get("encoding", "GB18030"))
        self._word = str(config.get("word", "呼"))
        self._clock = clock

    def take(self, call: Incoming, books: Books) -> tuple[Effect, Callable[[Effect, bool], Reply]]:
        """Signature, trade code, case. Raises `Refused`."""
        try:
            _, trade, data = soap.read_call(call.body)
            tree = document.tree_of(document.decode(data))
            body_signature.verify(tree, self._gateway_certificate)
            request_head, body = document.read(tree, "request")
        except (AccessRefused, DialectRefused) as refused:
            raise Refused(
                self._reply("301" if isinstance(refused, AccessRefused) else "101", str(refused), {})
            ) from None
        message = _MESSAGES.get(trade)
        if message is None or request_head.get("TRADECODE") != trade:
            raise Refused(self._reply("105", f"没有交易 {trade}", {}))
        serial = str(request_head.get("REQUEST_SN"))
        earlier = books.effect(serial)
        number = earlier.number if earlier else self._number(message, request_head, body, books)
        effect = Effect(
            key=serial, message=message, number=number, native={"head": request_head, "body": body},
            reference=f"ZCJS{books.next('receipt'):06d}", calls=1,
        )  # fmt: skip
        return effect, self._taken

    def wrong(self) -> Reply:
        """A number that no table has."""
        return self._reply("777", "未知错误", {})

    def prepare(self, action: str, data: Mapping[str, Any], books: Books) -> Act:
        """Every action of `sample_calls.ACTIONS`."""
        trade, make = ACTIONS[action]
        number = str(data.get("case") or books.find_case())
        case = books.case(number)
        if case is None:
            raise KeyError(f"no case {number!r}")
        now = self._clock.now()
        year = samples.day(now, "%Y")
        if action == "accept" and "BZP005" not in case:
            case["BZP005"] = f"{self._word}劳人仲审字〔{year}〕第{books.next('review')}号"
        if action in {"statement", "served"} and "statement" not in case:
            case["statement"] = f"{self._word}劳人仲调字〔{year}〕第{books.next('statement')}号"
        books.keep_case(number, case)
        serial = str(data.get("serial") or f"ZC{samples.instant(now, INSTANT)}{books.next('serial'):06d}")
        request_head = {
            "systemCode": self._system_code,
            "tradeCode": trade,
            "REQUEST_SN": serial,
            "ZKE739": samples.instant(now, INSTANT),
            "BAC001": number,
            "AAE011": "T-0107",
        }
        if data.get("original"):
            request_head |= {"ZKE740": str(data.get("kind", "2")), "ORIGINAL_SN": str(data["original"])}
        native = samples.merged(head(case) | make(case, data, now), data.get("overrides") or {})
        text = body_signature.sign(document.write("request", request_head, native), self._keys, "")
        body = soap.write_call(self._system_code, trade, document.encode(text, self._encoding))
        return Act(key=serial, action=action, number=number, path="", body=body)

    def headers(self, act: Act) -> Mapping[str, str]:
        """SOAP 1.1."""
        del act  # what proves the call is inside its body
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"nwsReceive"'}

    def later(self, status: int, body: bytes) -> bool:
        """Rc 9xx comes with HTTP 200."""
        return status == HTTPStatus.OK and _rc(body).startswith("9")

    def understood(self, act: Act, status: int, body: bytes, books: Books) -> bool:
        """Rc 0."""
        taken = status == HTTPStatus.OK and _rc(body) == "0"
        if taken:
            books.keep_case(act.number, {f"taken:{act.action}": act.key})
        return taken

    def _number(self, message: str, request_head: Mapping[str, Any], body: Mapping[str, Any], books: Books) -> str:
        """The institution's own number: a new one for an application, the known one for what follows. Raises `Refused`."""
        if message == "arbitration.ReviewApply":
            number = f"SL{samples.day(self._clock.now(), '%Y')}-{books.next('case'):04d}"
            agreement = body["BZU004"]
            kept = {tag: body[tag] for tag in _KEPT if tag in body} | {"BZO009": agreement["BZO009"]}
            kept.setdefault("BZP009", agreement["BZO001"])
            books.keep_case(number, {"BAC001": number, "BAC101": request_head.get("BAC101", "")} | kept)
            return number
        number = str(request_head.get("BAC001") or "")
        if books.case(number) is None:
            known = {"BAC101": str(request_head.get("BAC101") or "-")}
            number = books.find_case(**({"BZP009": str(body["BZP009"])} if body.get("BZP009") else known))
        if not number and message != "receipt":
            raise Refused(self._reply("105", "没有这件审查申请", {}))
        return number

    def _taken(self, effect: Effect, repeated: bool) -> Reply:  # noqa: FBT001 - the skeleton calls it with the two facts in order
        data = {"REQUEST_SN": effect.reference, **({"BAC001": effect.number} if effect.number else {})}
        return self._reply("200" if repeated else "0", "重复接收" if repeated else "成功", data)

    def _reply(self, code: str, text: str, data: dict[str, Any]) -> Reply:
        answer = document.write("response", {"rc": code, "rm": text}, {"responsedata": data} if data else {})
        return Reply(media_type=_MEDIA, body=soap.write_answer(document.encode(answer, self._encoding)))


def _rc(body: bytes) -> str:
    try:
        answer_head, _ = document.read(document.tree_of(document.decode(soap.read_answer(body))), "response")
    except DialectRefused:
        return ""
    return str(answer_head.get("RC", ""))


if __name__ == "__main__":
    run(InstitutionSystem)
