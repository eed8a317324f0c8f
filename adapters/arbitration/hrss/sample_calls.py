"""What a simulated arbitration institution says, in its own dialect: 金保 tags, compact dates, rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from adapters import samples

Case: TypeAlias = "Mapping[str, Any]"
Making: TypeAlias = "Callable[[Case, Mapping[str, Any], datetime], dict[str, Any]]"
DAY, INSTANT = "%Y%m%d", "%Y%m%d%H%M%S"
_HEAD = ("BZP002", "BZP003", "BZP005", "BZP009", "BZP016", "BZP017")
ARBITRATOR = {"AAE011": "测试戊", "AAE012": "T-0107"}


def head(case: Case) -> dict[str, Any]:
    """The numbers that every call of a case carries."""
    return {tag: case[tag] for tag in _HEAD if case.get(tag)}


def attachment(kind: str, name: str) -> dict[str, Any]:
    """A file of a call."""
    return {"BZB001": kind, "BZB002": name, "BZB007": "application/pdf", "BZB009": samples.pdf(name)}


def names_of(case: Case) -> list[str]:
    """Names of the applicants."""
    return [str(row.get("AAC003") or row.get("AAB004")) for row in case.get("BZU003") or ()]


def day(now: datetime, *, days: int = 0) -> str:
    """A day as this system writes it."""
    return samples.day(now, DAY, days=days)


def _supplement(_: Case, __: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "BZV001": [{"BZR001": "1", "BZR002": "D119", "BZR003": "补交法定代表人身份证明"}],
        "BZV002": day(now, days=5),
    }


def _accept(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    accepted = {"BZX001": case["BZP005"], "BZX002": ARBITRATOR, "BZX003": day(now)}
    return accepted | {"FJ": [attachment("D206", "受理通知书.pdf")]}


def _refuse(_: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    decided = {"BZY001": data.get("reason", "103"), "BZY002": "超过十五日审查申请期间", "BZY003": day(now)}
    return decided | {"BZY004": "可就调解协议约定事项依法申请仲裁", "FJ": [attachment("D206", "不予受理通知书.pdf")]}


def _verify(_: Case, __: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {"BZZ001": [{"BZS001": "1", "BZS002": "请说明协议签署时双方是否到场"}], "BZZ002": day(now, days=2)}


def _extend(_: Case, __: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    approved = {
        "BYB001": {"AAE011": "测试壬", "BZK001": "仲裁院负责人"},
        "BYB002": day(now, days=7),
        "BYB003": day(now),
    }
    return approved | {"BYB004": "001", "BYB005": "核实情况需要"}


def _statement(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    made = {"BYD001": case["statement"], "BYD002": day(now), "BYD003": case["BZP009"], "BYD004": ARBITRATOR}
    return made | {"BYD005": case["BZO009"], "FJ": [attachment("D207", "仲裁调解书.pdf")]}


def _not_issued(_: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    told = {"BYE001": data.get("reason", "205"), "BYE002": "履行期限不明确", "BYE003": day(now)}
    return told | {"FJ": [attachment("D208", "不予制作调解书通知书.pdf")]}


def _served(case: Case, _: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    rows = [
        {"BZT001": name, "BZT002": "001", "BZT003": samples.instant(now, INSTANT, minutes=-5)}
        for name in names_of(case)
    ]
    return {"BYF001": case["statement"], "BYF002": rows, "BYF003": day(now)}


def _close(case: Case, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {"BYG001": str(data.get("mode", "001")), "BYG002": day(now), "BYG003": f"归{case['BAC001']}"}


#: action → (tradeCode, body).
ACTIONS: Mapping[str, tuple[str, Making]] = {
    "supplement": ("ZC1102", _supplement),
    "accept": ("ZC1103", _accept),
    "refuse": ("ZC1104", _refuse),
    "verify": ("ZC1105", _verify),
    "extend": ("ZC1107", _extend),
    "statement": ("ZC1108", _statement),
    "not-issued": ("ZC1109", _not_issued),
    "served": ("ZC1110", _served),
    "close": ("ZC1111", _close),
}
