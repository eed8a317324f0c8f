"""How rules tell what they found: the place in the payload, kept cheap until there is something to say, and the list of problems."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import NamedTuple, TypeAlias

from gateway.model.payload import Payload

#: (place of the parent, element name, position from 1 among its like or 0): becomes an XPath only when a finding needs one.
Place: TypeAlias = "tuple[Place | None, str, int]"
#: The payload's root element, whatever message it is.
ROOT: Place = (None, "/Envelope/Payload/*", 0)
_SHOWN = 60


class Problems:
    """What the checks of one payload found: (rule id, XPath, details for the rule's text), in document order."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[tuple[str, str, dict[str, str]]] = []

    def add(self, rule: str, place: Place, **details: str) -> None:
        """Report a rule that does not hold; details fill the text's braces and never hold personal data."""
        self.found.append((rule, xpath(place), {name: value[:_SHOWN] for name, value in details.items()}))


#: A check of one text; a check of one element with its children.
LeafCheck: TypeAlias = Callable[[str, Place, Problems], None]
NodeCheck: TypeAlias = Callable[[Payload, Place, Problems], None]


class Leaf(NamedTuple):
    """How the text of one element is checked."""

    #: Texts that are right without another look; the check is called for any other.
    known: Container[str]
    check: LeafCheck


NOTHING: frozenset[str] = frozenset()


def xpath(place: Place) -> str:
    """The place as an XPath from /Envelope."""
    parent, name, position = place
    step = f"{name}[{position}]" if position else name
    return step if parent is None else f"{xpath(parent)}/{step}"


def below(place: Place, *names: str) -> Place:
    """The place of a child, or of a child's child."""
    for name in names:
        place = (place, name, 0)
    return place


def text(node: Payload, name: str) -> str:
    """The text of a child element; empty where it is not given."""
    value = node.get(name)
    return value if isinstance(value, str) else ""


def deep(node: Payload, *names: str) -> str:
    """The text at a path of elements; empty where it is not given."""
    for name in names[:-1]:
        node = child(node, name)
    return text(node, names[-1])


def child(node: Payload, name: str) -> Payload:
    """The child element; empty where it is not given."""
    value = node.get(name)
    return value if isinstance(value, dict) else {}


def rows(node: Payload, name: str) -> Iterator[tuple[int, Payload]]:
    """The elements of one name with their positions from 1."""
    value = node.get(name)
    if isinstance(value, list):
        for position, each in enumerate(value, 1):
            if isinstance(each, dict):
                yield position, each
