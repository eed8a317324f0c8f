"""Field tables: one line a field, read both ways, so that a dialect is data and nothing is mapped twice.

A table is text: `[Name]` opens one; each line is `native  Canonical.Path[*]  kind`; `@Name` takes another table's lines in;
`*` marks a repeated element. Kinds: `text` (default), `id`, `count`, `day`, `instant`, `flag`, `money`, `joined` (a repeated text
typed into one field), `code:<list>`, `cause:<list>` (number and version in one code), `label:<list>` (the name beside a code,
written for people and compared when read) and `> Table` for a record.

What a field cannot carry exactly travels in the record's extension (`Dialect.extension`) under its canonical names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from adapters import dates, values
from adapters.codemap import CodeMap
from gateway.errors import DialectRefused

Native: TypeAlias = "dict[str, Any]"
_LINE = re.compile(r"(\S+)\s+([\w.@#]+)(\*?)(?:\s+(\S+)(?:\s+(\S+))?)?\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a record in both worlds."""

    native: str
    #: Keys from the record to the element.
    path: tuple[str, ...]
    many: bool
    #: text, id, count, day, instant, flag, money, joined, code, cause, label or record.
    kind: str
    #: Code list or table, where the kind has one.
    of: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The fields of one record or message."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hooks:
    """What a table of fields cannot say about one kind of record."""

    before_read: Callable[[Native], Native] | None = None
    after_read: Callable[[dict[str, Any]], None] | None = None
    after_write: Callable[[Native], Native] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """All that reading and writing of one dialect needs; a region makes its own from the profile's."""

    tables: Mapping[str, Table]
    codes: Mapping[str, CodeMap]
    #: Code list → canonical value → name for people.
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Key of the extension object.
    extension: str
    #: `strftime` forms in which days and instants are written.
    day_form: str
    instant_form: str
    #: How yes and no are written.
    flags: tuple[str, str] = ("1", "0")
    #: Native key → the region's own name for it.
    names: Mapping[str, str] = field(default_factory=dict)
    #: Table name → what is done around it.
    hooks: Mapping[str, Hooks] = field(default_factory=dict)
    #: Extension ↔ its native form (JSON carries it as it is).
    pack: Callable[[dict[str, Any]], Any] = dict
    unpack: Callable[[Any], dict[str, Any]] = dict

    def for_region(self, region: Mapping[str, Any]) -> Dialect:
        """The dialect with a region's code tables (`codes`) and field names (`fields`). Raises `DialectRefused`."""
        codes, names = region.get("codes") or {}, region.get("fields") or {}
        if not codes and not names:
            return self
        unknown = [*(set(codes) - set(self.codes)), *(set(names) - self.native_keys())]
        if unknown:
            raise DialectRefused(f"the region's file names what the profile has not: {sorted(unknown)}", code="DIA-012")
        changed = {name: self.codes[name].overridden(entries) for name, entries in codes.items()}
        return replace(self, codes={**self.codes, **changed}, names={**self.names, **names})

    def native_keys(self) -> frozenset[str]:
        """Every native key of any table."""
        return frozenset(field_.native for table in self.tables.values() for field_ in table.fields)

    def name_of(self, native: str) -> str:
        """The key as this region writes it."""
        return self.names.get(native, native)

    def read_leaf(self, field_: Field, text: str) -> str | None:
        """One native text in canonical form; None where it says nothing. Raises `DialectRefused`."""
        if field_.kind == "code":
            if text.strip() == "" or (values.is_nothing(text) and text.strip() not in self.codes[field_.of].native):
                return None
            return self.codes[field_.of].read(text)
        if values.is_nothing(text):
            return None
        return _READERS[field_.kind](text)

    def write_leaf(self, field_: Field, text: str) -> str:
        """One canonical text in native form. Raises `DialectRefused`, `UnknownCode`."""
        match field_.kind:
            case "code":
                return self.codes[field_.of].write(text)
            case "day":
                return dates.write_day(text, self.day_form)
            case "instant":
                return dates.write_instant(text, self.instant_form)
            case "flag":
                return self.flags[0] if text == "true" else self.flags[1]
            case _:
                return text


def parse(text: str) -> dict[str, Table]:
    """The tables of a field text, in order; an include must stand after what it names. Raises `DialectRefused`."""
    tables: dict[str, Table] = {}
    name = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("#:", 1)[0].strip()
        if not line:
            continue
        if line.startswith("["):
            for name in line.strip("[]").split("|"):
                tables[name] = Table(name=name, fields=())
            names = line.strip("[]").split("|")
            continue
        lines = tables[line[1:]].fields if line.startswith("@") else (_field(line, number),)
        for name in names:
            tables[name] = Table(name=name, fields=(*tables[name].fields, *lines))
    for table in tables.values():
        _check(table, tables)
    return tables


def _field(line: str, number: int) -> Field:
    found = _LINE.match(line)
    if not found:
        raise DialectRefused(f"field table, line {number}: {line!r} is no field", code="DIA-012")
    native, path, star, kind, of = found.groups()
    kind, _, listed = (kind or "text").partition(":")
    if kind == ">":
        kind, listed = "record", of
    return Field(native=native, path=tuple(path.split(".")), many=bool(star), kind=kind, of=listed or "")


def _check(table: Table, tables: Mapping[str, Table]) -> None:
    natives = [field_.native for field_ in table.fields]
    records = {field_.of for field_ in table.fields if field_.kind == "record"}
    kinds = {field_.kind for field_ in table.fields} - set(_READERS) - {"record", "code", "cause", "label", "joined"}
    if len(set(natives)) != len(natives) or records - set(tables) or kinds:
        raise DialectRefused(
            f"field table {table.name}: a key twice, an unknown record or an unknown kind", code="DIA-012"
        )


def _count(text: str) -> str:
    word = values.plain(text)
    if not re.fullmatch(r"[0-9]{1,15}(?:\.0+)?", word, re.ASCII):
        raise DialectRefused(f"{text[:20]!r} is no whole number", code="DIA-008")
    return str(int(word.split(".")[0]))


_READERS: Mapping[str, Callable[[str], str | None]] = {
    "text": values.trimmed,
    "id": values.plain,
    "count": _count,
    "day": dates.read_day,
    "instant": dates.read_instant,
    "flag": values.read_flag,
    "money": values.read_money,
}
