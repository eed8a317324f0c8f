"""Rules about persons and organisations: identity numbers, what they say of birth and sex, agents and their powers."""

from __future__ import annotations

from gateway.errors import RuleRefused
from gateway.model import numbers
from gateway.model.payload import Payload
from gateway.validate.judging import Place, Problems, below, deep, text

_RESIDENT_CARD = "01"
_NATURAL = "1"
_KNOWN_SEX = ("1", "2")
_MOST_AGENTS = 2
#: What systems write where they have nothing (domain.md §5.3, trap 3).
_NULL_WORDS = frozenset({"null", "none", "nil", "无", "空", "/", "-", "—", "0", "未知", "不详"})


def person(node: Payload, place: Place, problems: Problems) -> None:
    """An identity number by itself: its form, check digit, birth and region; a masked one needs its note (GB 11643-1999, protocol.md §2)."""
    _identity(node, place, problems)


def party(node: Payload, place: Place, problems: Problems) -> None:
    """A party: its number against birth date and sex, what identifies it, its agents (民事诉讼法（2023）第61条)."""
    get = node.get  # read directly: a party is the dearest element of the hot path
    if text(node, "Name").strip().casefold() in _NULL_WORDS:
        problems.add("RUL-019", below(place, "Name"))
    found = _identity(node, place, problems)
    if found is not None and not found.masked:
        sex, birth = get("Sex"), get("BirthDate")
        if sex in _KNOWN_SEX and sex != found.sex:
            problems.add("RUL-015", below(place, "Sex"))
        if birth and found.birth is not None and birth != found.birth.isoformat():
            problems.add("RUL-016", below(place, "BirthDate"))
    if get("Type") == _NATURAL:
        if "IdNumber" not in node and "IdNumberNote" not in node:
            problems.add("RUL-024", place)
    elif "CreditCode" not in node:
        problems.add("RUL-025", place)
    agents = get("Agent")
    if isinstance(agents, list) and len(agents) > _MOST_AGENTS:
        problems.add("RUL-046", below(place, "Agent"))


def agent(node: Payload, place: Place, problems: Problems) -> None:
    """An agent: special authority names each power, and a power of attorney is there (民诉法解释（2022）第88、89条)."""
    _identity(node, place, problems)
    if node.get("Authority") == "special" and not node.get("Power"):
        problems.add("RUL-044", place)
    if "PowerOfAttorney" not in node and node.get("Type") != "statutory":
        problems.add("RUL-045", place)


def _identity(node: Payload, place: Place, problems: Problems) -> numbers.ResidentId | None:
    number = node.get("IdNumber")
    if not isinstance(number, str) or node.get("CertType", _RESIDENT_CARD) != _RESIDENT_CARD:
        return None
    try:
        found = numbers.resident_id(number)
    except RuleRefused as refused:
        problems.add(refused.code, below(place, "IdNumber"))
        return None
    if found.masked and deep(node, "IdNumberNote", "State") != "masked":
        problems.add("RUL-014", below(place, "IdNumber"))
    return found
