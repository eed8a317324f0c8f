"""Documents drawn from the shapes of our schemas, good and mutated, the same ones again from the same seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from xml.sax.saxutils import escape, quoteattr

from gateway.validate.pattern import ALPHABET, draw
from gateway.xml.shape import Shape, SimpleType

#: Texts on which validators are known to part: blanks, borders of types, digits of other scripts, lengths by character.
NASTY = (
    "", " ", "\u00a0", "\u3000", "\n", "\t5", " 5 ", "5\n", "+5", "-1", "007", "-0", "1e3", "NaN", "INF", ".5", "5.",
    "1234.567",
    "99999999999999999.99", "9999999999999999.99", "１２", "٣", "²", "true ", "1", "TRUE",
    "2026-02-30", "2024-02-29", "2100-02-29",
    "0000-01-01", "-2026-01-01", "2026-01-01Z", "2026-1-1", "2999-12-31",
    "2026-11-24T10:00:00", "2026-11-24T24:00:00+08:00",
    "2026-11-24T10:00:60+08:00", "2026-11-24T10:00:00+13:59", "2026-11-24T10:00:00+14:00", "2026-11-24T10:00:00-00:00",
    "2026-11-24T10:00:00.1234567+08:00", "2026-02-30T10:00:00+08:00", "2026-11-24 10:00:00+08:00",
    "𠮷" * 200, "𠮷" * 201,
    "x" * 4001, "e\u0301" * 100, "a\rb", "a\tb", "\u200b", "\ufeffa", "<&>\"'", "]]>",
    "D10", "D1011", "d101", "null", "内",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """One element of a drawn document."""

    #: Clark notation.
    tag: str
    attributes: Mapping[str, str]
    text: str = ""
    children: tuple[Branch, ...] = ()


class Generator:
    """Draws instances; every choice comes from one source of chance."""

    def __init__(self, shapes: Mapping[str, Shape], chance: Random) -> None:
        self._shapes = shapes
        self._chance = chance
        self._payloads = [
            shape for name, shape in shapes.items() if name.split(".")[0] not in {"envelope", "receipt", "registry"}
        ]

    def good(self, name: str) -> Branch:
        """A document of a global element (`mediation.Progress`) that is meant to be an instance."""
        return self._branch(self._shapes[name], depth=0)

    def mutated(self, document: Branch) -> tuple[str, Branch]:
        """The document with one thing changed, and what was done; the result may still be an instance."""
        name, mutation = self._chance.choice(sorted(_MUTATIONS.items()))
        path = self._path(document)
        return name, _at(document, path, lambda branch: mutation(branch, self._chance))

    def _branch(self, shape: Shape, *, depth: int) -> Branch:
        attributes = {name: self._value(kind) for name, kind in shape.attributes.items()}
        if shape.text is not None:
            return Branch(tag=shape.tag, attributes=attributes, text=self._value(shape.text))
        chosen = self._chance.choice(sorted(shape.choice)) if shape.choice else ""
        children: list[Branch] = []
        for child in shape.children:
            if child.name in shape.choice and child.name != chosen:
                continue
            most = child.maximum if child.maximum is not None else child.minimum + 2
            most = min(most, child.minimum + 2) if depth < 4 else child.minimum  # noqa: PLR2004 - deep trees add nothing
            children += [self._branch(child, depth=depth + 1) for _ in range(self._chance.randint(child.minimum, most))]
        if shape.open == "strict":
            children.append(self._branch(self._chance.choice(self._payloads), depth=depth + 1))
        if shape.open == "lax" and self._chance.random() < 0.5:  # noqa: PLR2004 - half of the extensions are empty
            children.append(Branch(tag="{urn:example:foreign}Thing", attributes={"any": "1"}, text="附加"))
        return Branch(tag=shape.tag, attributes=attributes, children=tuple(children))

    def _value(self, kind: SimpleType) -> str:
        chance = self._chance
        if kind.values:
            return chance.choice(kind.values)
        if kind.base == "date":
            return f"{chance.randint(1990, 2040)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        if kind.base == "dateTime":
            day = f"{chance.randint(2020, 2030)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            fraction = chance.choice(("", ".5", ".123456"))
            return f"{day}T{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:00{fraction}+08:00"
        if kind.pattern:
            return draw(kind.pattern, chance)
        length = chance.randint(max(kind.min_length, 1), min(kind.max_length, 40))
        return "".join(chance.choice(ALPHABET) for _ in range(length))

    def _path(self, document: Branch) -> tuple[int, ...]:
        """A random element, as positions from the root."""
        path: list[int] = []
        branch = document
        while branch.children and self._chance.random() < 0.8:  # noqa: PLR2004 - mostly deep, where the types are
            position = self._chance.randrange(len(branch.children))
            path.append(position)
            branch = branch.children[position]
        return tuple(path)


def serialise(document: Branch) -> bytes:
    """The document as UTF-8 XML; every element says its own namespace, so that nothing depends on prefixes."""
    return _text(document, "").encode()


def _text(branch: Branch, inherited: str) -> str:
    namespace, _, local = branch.tag[1:].partition("}") if branch.tag.startswith("{") else ("", "", branch.tag)
    declaration = "" if namespace == inherited else f" xmlns={quoteattr(namespace)}"
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in branch.attributes.items())
    inside = escape(branch.text, {"\r": "&#13;"}) + "".join(_text(child, namespace) for child in branch.children)
    return f"<{local}{declaration}{attributes}>{inside}</{local}>"


def _at(branch: Branch, path: tuple[int, ...], change: Callable[[Branch], Branch]) -> Branch:
    if not path:
        return change(branch)
    children = list(branch.children)
    children[path[0]] = _at(children[path[0]], path[1:], change)
    return replace(branch, children=tuple(children))


def _drop(branch: Branch, chance: Random) -> Branch:
    if not branch.children:
        return replace(branch, text="")
    position = chance.randrange(len(branch.children))
    return replace(branch, children=branch.children[:position] + branch.children[position + 1 :])


def _double(branch: Branch, chance: Random) -> Branch:
    if not branch.children:
        return replace(branch, text=branch.text * 2)
    position = chance.randrange(len(branch.children))
    return replace(branch, children=branch.children[: position + 1] + branch.children[position:])


def _swap(branch: Branch, chance: Random) -> Branch:
    children = list(branch.children)
    chance.shuffle(children)
    return replace(branch, children=tuple(children))


def _rename(branch: Branch, chance: Random) -> Branch:
    namespace, _, local = branch.tag[1:].partition("}")
    return replace(
        branch, tag=chance.choice((f"{{{namespace}}}{local}x", f"{{urn:example:other}}{local}", f"{{}}{local}"))
    )


def _bad_text(branch: Branch, chance: Random) -> Branch:
    return replace(branch, text=chance.choice(NASTY))


def _extra_attribute(branch: Branch, chance: Random) -> Branch:
    return replace(branch, attributes={**branch.attributes, chance.choice(("extra", "xml:lang", "version")): "1.0"})


def _drop_attributes(branch: Branch, _: Random) -> Branch:
    return replace(branch, attributes={})


def _child(branch: Branch, _: Random) -> Branch:
    return replace(branch, children=(*branch.children, Branch(tag=branch.tag, attributes={}, text="1")))


_MUTATIONS: dict[str, Callable[[Branch, Random], Branch]] = {
    "bad text": _bad_text,
    "child": _child,
    "double": _double,
    "drop": _drop,
    "drop attributes": _drop_attributes,
    "extra attribute": _extra_attribute,
    "rename": _rename,
    "swap": _swap,
}
