"""Native record → canonical record by a field table; every finding names the native field that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters import values
from adapters.fields import Dialect, Field, Native, Table
from gateway.errors import DialectRefused, Finding
from gateway.model.payload import Payload


def read(dialect: Dialect, table: str, native: Native) -> Payload:
    """The canonical payload of a native record. Raises `DialectRefused` with one finding a field that cannot be read."""
    reading = _Reading(dialect)
    payload = reading.record(dialect.tables[table], native, "")
    if reading.findings:
        raise DialectRefused(code=reading.findings[0].code, findings=reading.findings)
    return payload


class _Reading:
    """One pass over a native record; findings are collected, not raised one by one."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.findings: list[Finding] = []

    def record(self, table: Table, native: object, where: str) -> Payload:
        """One record; `where` is its place, for the findings."""
        hooks = self.dialect.hooks.get(table.name)
        if not isinstance(native, dict):
            self.refuse("DIA-002", where, "应为对象", "an object is expected")
            return {}
        if hooks and hooks.before_read:
            try:
                native = hooks.before_read(native)
            except DialectRefused as refused:
                self.refuse(refused.code, where, str(refused), str(refused))
        self._unknown(table, native, where)
        out: Payload = {}
        for field in table.fields:
            if field.kind != "label":
                self._field(field, native, out, where)
        self._extension(table, native, out, where)
        self._labels(table, native, out, where)
        if hooks and hooks.after_read:
            hooks.after_read(out)
        return out

    def refuse(self, code: str, where: str, zh: str, en: str) -> None:
        """Note a finding about one native field."""
        self.findings.append(Finding(code=code, xpath=where, text_zh=f"{where}：{zh}", text_en=f"{where}: {en}"))

    def _unknown(self, table: Table, native: Native, where: str) -> None:
        known = {self.dialect.name_of(field.native) for field in table.fields} | {self.dialect.extension}
        for key in native:
            if key not in known:
                self.refuse("DIA-003", f"{where}{key}", "本接口没有这个字段", "the dialect has no such field")

    def _field(self, field: Field, native: Native, out: Payload, where: str) -> None:
        name = self.dialect.name_of(field.native)
        raw, place = native.get(name), f"{where}{name}"
        if raw is None:
            return
        value: Any
        if field.kind == "joined":
            value = self._joined(raw, place)
        elif field.many:
            value = self._rows(field, raw, place)
        else:
            value = self._one(field, raw, place)
        if value is not None:
            put(out, field.path, value)

    def _joined(self, raw: object, place: str) -> list[str] | None:
        rows = raw if isinstance(raw, list) else [raw]
        texts = [part for row in rows for part in values.split_list(self._text(row, place))]
        return texts or None

    def _rows(self, field: Field, raw: object, place: str) -> list[Any] | None:
        rows = raw if isinstance(raw, list) else [raw]
        read_rows = [self._one(field, row, f"{place}[{index}]") for index, row in enumerate(rows, start=1)]
        return [row for row in read_rows if row is not None] or None

    def _one(self, field: Field, raw: object, place: str) -> Any:
        if field.kind == "record":
            if isinstance(raw, str) and values.is_nothing(raw):
                return None
            return self.record(self.dialect.tables[field.of], raw, f"{place}.")
        text = self._text(raw, place)
        try:
            if field.kind == "cause":
                return self._cause(field, text)
            return self.dialect.read_leaf(field, text)
        except DialectRefused as refused:
            self.refuse(refused.code, place, str(refused), str(refused))
            return None

    def _cause(self, field: Field, text: str) -> Any:
        if values.is_nothing(text):
            return None
        version, _, number = self.dialect.codes[field.of].read(text).partition(":")
        return {"@version": version, "#text": number}

    def _text(self, raw: object, place: str) -> str:
        if isinstance(raw, str):
            return raw
        if raw is not None:
            self.refuse("DIA-002", place, "应为文字", "a text is expected")
        return ""

    def _extension(self, table: Table, native: Native, out: Payload, where: str) -> None:
        raw = native.get(self.dialect.extension)
        if raw is None:
            return
        place = f"{where}{self.dialect.extension}"
        try:
            carried = self.dialect.unpack(raw)
        except (DialectRefused, TypeError, ValueError):
            self.refuse("DIA-002", place, "扩展应为对象", "the extension must be an object")
            return
        if not _canonical(carried):
            self.refuse(
                "DIA-002", place, "扩展只含文字、数组和对象", "the extension holds texts, lists and objects only"
            )
            return
        self._overlay(table, out, carried, ())

    def _overlay(self, table: Table, out: dict[str, Any], carried: Mapping[str, Any], path: tuple[str, ...]) -> None:
        """Lay what the extension carries over what the fields gave; where both speak, they must mean the same."""
        for key, exact in carried.items():
            here = (*path, key)
            given = out.get(key)
            if given is None:
                out[key] = exact
            elif isinstance(given, dict) and isinstance(exact, dict):
                self._overlay(table, given, exact, here)
            elif given == exact or self._means(table, here, exact, given):
                out[key] = exact
            else:
                self.refuse("DIA-004", ".".join(here), "扩展与字段相矛盾", "the extension contradicts the field")

    def _means(self, table: Table, path: tuple[str, ...], exact: object, given: object) -> bool:
        """Whether `exact` would be written as what was read: the field is only the coarser form of it."""
        field = next((field for field in table.fields if field.path == path and field.kind != "label"), None)
        if field is None or field.kind in {"record", "cause"}:
            return False
        try:
            return bool(coarse(self.dialect, field, exact) == given)
        except DialectRefused:
            return False

    def _labels(self, table: Table, native: Native, out: Payload, where: str) -> None:
        for field in table.fields:
            if field.kind != "label":
                continue
            name = self.dialect.name_of(field.native)
            label, value = native.get(name), get(out, field.path)
            if not isinstance(label, str) or values.is_nothing(label) or value is None:
                continue
            expected = self.dialect.labels[field.of].get(key_of(value), "")
            if values.plain(label) != values.plain(expected):
                self.refuse(
                    "DIA-005", f"{where}{name}", f"代码与名称不符：代码为“{expected}”", f"the code says {expected!r}"
                )


def coarse(dialect: Dialect, field: Field, value: Any) -> Any:
    """What comes back of a canonical value after it was written into the field: the value itself where the field is exact."""
    if field.kind == "joined":
        return values.split_list(";".join(value)) or None
    if field.many:
        kept = [dialect.read_leaf(field, dialect.write_leaf(field, item)) for item in value]
        return [item for item in kept if item is not None] or None
    return dialect.read_leaf(field, dialect.write_leaf(field, value))


def key_of(value: Any) -> str:
    """A code as its list's key; a cause of action is `version:number`."""
    return f"{value.get('@version', '')}:{value.get('#text', '')}" if isinstance(value, dict) else str(value)


def put(record: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a value at a path, making the records on the way."""
    for key in path[:-1]:
        record = record.setdefault(key, {})
    record[path[-1]] = value


def get(record: Any, path: tuple[str, ...]) -> Any:
    """The value at a path, or None."""
    for key in path:
        if not isinstance(record, dict) or key not in record:
            return None
        record = record[key]
    return record


def _canonical(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _canonical(item) for key, item in value.items())
    return all(_canonical(item) for item in value) if isinstance(value, list) else isinstance(value, str)
