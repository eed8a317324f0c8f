"""Canonical record → native record by a field table; what a field cannot carry exactly goes into the extension."""

from __future__ import annotations

import copy
from typing import Any

from adapters.fields import Dialect, Field, Native, Table
from adapters.reading import coarse, get, key_of
from gateway.errors import DialectRefused, Finding
from gateway.model.payload import Payload


def write(dialect: Dialect, table: str, payload: Payload) -> Native:
    """The native record of a canonical payload. Raises `UnknownCode` or `DialectRefused` naming the element."""
    return _record(dialect, dialect.tables[table], payload, table)


def _record(dialect: Dialect, table: Table, payload: Payload, where: str) -> Native:
    rest: dict[str, Any] = copy.deepcopy(payload)
    native: Native = {}
    for field in table.fields:
        value = get(payload, field.path)
        if value is None:
            continue
        place = f"{where}/{'/'.join(field.path)}"
        name = dialect.name_of(field.native)
        if field.kind == "label":
            native[name] = dialect.labels[field.of].get(key_of(value), "")
            continue
        try:
            native[name], exact = _value(dialect, field, value, place)
        except DialectRefused as refused:
            refused.findings = refused.findings or (_finding(refused, place),)
            raise
        except (AttributeError, TypeError, KeyError):
            raise DialectRefused(f"{place} has not the shape of its table", code="DIA-002") from None
        if exact:
            _take(rest, field.path)
    if rest:
        native[dialect.extension] = dialect.pack(rest)
    hooks = dialect.hooks.get(table.name)
    return hooks.after_write(native) if hooks and hooks.after_write else native


def _value(dialect: Dialect, field: Field, value: Any, place: str) -> tuple[Any, bool]:
    """(native value, whether it comes back exactly)."""
    if field.kind == "record":
        table = dialect.tables[field.of]
        if field.many:
            return [
                _record(dialect, table, row, f"{place}[{index}]") for index, row in enumerate(value, start=1)
            ], bool(value)
        return _record(dialect, table, value, place), True
    if field.kind == "cause":
        return dialect.codes[field.of].write(key_of(value)), set(value) == {"@version", "#text"}
    if field.kind == "joined":
        return ";".join(value), coarse(dialect, field, value) == value
    exact = coarse(dialect, field, value) == value
    if field.many:
        return [dialect.write_leaf(field, item) for item in value], exact
    return dialect.write_leaf(field, value), exact


def _finding(refused: DialectRefused, place: str) -> Finding:
    return Finding(code=refused.code, xpath=f"/{place}", text_zh=f"{place}：{refused}", text_en=f"{place}: {refused}")


def _take(rest: dict[str, Any], path: tuple[str, ...]) -> None:
    """Take away what a field carries, and the records that are empty without it."""
    trail = [rest]
    for key in path[:-1]:
        trail.append(trail[-1][key])
    del trail[-1][path[-1]]
    for depth in range(len(path) - 2, -1, -1):
        if not trail[depth + 1]:
            del trail[depth][path[depth]]
