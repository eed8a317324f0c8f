"""Reading a payload by path: `Reason/Code` is the text of Code in Reason; repeated elements give all their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from gateway.contract.calendar import BEIJING
from gateway.contract.refusal import refused
from gateway.contract.terms import PRESENT

#: A date further than this from the accepted time is an error of typing: it starts no clock.
_FAR = timedelta(days=3660)


def texts(payload: Mapping[str, Any], path: str) -> list[str]:
    """All non-empty texts under a path of element names divided by `/`."""
    found: list[Any] = [payload]
    for name in path.split("/"):
        found = [value for node in found if isinstance(node, Mapping) for value in _many(node.get(name))]
    values = [node.get("#text") if isinstance(node, Mapping) else node for node in found]
    return [value for value in values if isinstance(value, str) and value.strip()]


def items(payload: Mapping[str, Any], paths: Sequence[str], *, near: datetime) -> dict[str, datetime]:
    """Item → its date, by the paths (list, number, date); an item's name is its number behind those of the lists around it.

    An item without a number or a date is left out; of two of one name the later date counts. Raises `ContractRefused`
    (FLW-108) as `moment` does.
    """
    folder, number, date_ = paths
    nodes: list[tuple[tuple[str, ...], Any]] = [((), payload)]
    for name in folder.split("/"):
        inner = [(key, child) for key, node in nodes if isinstance(node, Mapping) for child in _many(node.get(name))]
        nodes = [((*key, *texts(child, number)[:1]), child) for key, child in inner if isinstance(child, Mapping)]
    found: dict[str, datetime] = {}
    for key, node in nodes:
        day = moment(node, date_, near=near) if texts(node, number) else None
        if day is not None:
            found[".".join(key)] = max(day, found.get(".".join(key), day))
    return found


def item_of(payload: Mapping[str, Any], paths: Sequence[str]) -> str:
    """The name of the item that a message is about, by the paths of its numbers; empty where it names none."""
    return ".".join(text for path in paths for text in texts(payload, path)[:1])


def holds(payload: Mapping[str, Any], when: Mapping[str, str]) -> bool:
    """Whether every path of a guard has its value (or, for `*`, any)."""
    for path, wanted in when.items():
        found = texts(payload, path)
        if not found or (wanted != PRESENT and wanted not in found):
            return False
    return True


def moment(payload: Mapping[str, Any], path: str, *, near: datetime) -> datetime | None:
    """The latest time under a path, a date being the beginning of its Beijing day; None where there is none.

    Raises `ContractRefused` (FLW-108) for a text that is no time, or one more than ten years from `near`.
    """
    moments = [_moment(text, path) for text in texts(payload, path)] if path else []
    if not moments:
        return None
    return plausible(max(moments), near=near, xpath=_xpath(path))


def plausible(time_: datetime, *, near: datetime, xpath: str) -> datetime:
    """`time_` itself. Raises `ContractRefused` (FLW-108) where it is more than ten years from `near`."""
    if abs(time_ - near) > _FAR:
        en = f"{time_.date()} is more than ten years from the accepted time; it can start no clock"
        raise refused("FLW-108", f"{time_.date()} 与接收时间相差十年以上，不能据以起算期限", en, xpath=xpath)
    return time_


def _moment(text: str, path: str) -> datetime:
    try:
        if "T" in text:
            value = datetime.fromisoformat(text)
            return value if value.tzinfo else value.replace(tzinfo=BEIJING)
        return datetime.combine(date.fromisoformat(text), time.min, tzinfo=BEIJING)
    except ValueError as error:
        raise refused(
            "FLW-108", f"{text!r} 不是有效日期", f"{text!r} is no date or time", xpath=_xpath(path)
        ) from error


def _xpath(path: str) -> str:
    return f"/Envelope/Payload/*/{path}"


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
