"""Code lists of contracts/codes: one CSV a list, one row a code, each with its names, validity, source and mark.

A row is for a lawyer to correct: mark `known` says that nobody has checked it against its official text, and no rule refuses on it
(protocol.md §3). Source keys stand in contracts/sources.csv.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from gateway.errors import NotFound, SettingRefused

Mark = Literal["found", "known", "computed", "design"]
Language = Literal["zh", "en"]
COLUMNS = ("code", "name", "en", "valid_from", "valid_to", "source", "mark")


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """One row of a list."""

    code: str
    #: Name in Chinese, as documents print it.
    name: str
    #: Name in English.
    en: str
    #: First day of validity; None where the list knows none.
    valid_from: date | None
    #: Last day of validity, included; None while it is valid.
    valid_to: date | None
    #: Keys of contracts/sources.csv, divided by `;`.
    source: str
    #: found, known (unverified), computed or design, as in domain.md §0.
    mark: Mark

    def valid(self, on: date) -> bool:
        """Whether the code may be used for an event of that day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class CodeBook:
    """All lists of a folder, read once; a list that is not here is asked for in vain, never guessed."""

    __slots__ = ("_lists", "_successors")

    def __init__(self, lists: Mapping[str, Mapping[str, Code]], successors: Mapping[str, Mapping[str, str]]) -> None:
        """`lists` is list name → code → row, `successors` list name → old code → new code."""
        self._lists, self._successors = lists, successors

    @classmethod
    def load(cls, folder: Path) -> CodeBook:
        """Read every `<list>.csv` of a folder, and `successors/<list>.csv` where codes were renumbered.

        Raises `SettingRefused` naming file and line of a row without its form.
        """
        files = sorted(folder.glob("*.csv"))
        if not files:
            raise SettingRefused(f"code lists: there is no .csv file in {folder.name}")
        lists = {file.stem: _read(file) for file in files}
        renumbered = sorted((folder / "successors").glob("*.csv"))
        return cls(lists, {file.stem: _successors(file, lists.get(file.stem, {})) for file in renumbered})

    @property
    def lists(self) -> tuple[str, ...]:
        """The names of all lists, sorted."""
        return tuple(self._lists)

    def knows(self, name: str) -> bool:
        """Whether there is a list of this name."""
        return name in self._lists

    def rows(self, name: str) -> Mapping[str, Code]:
        """Code → row of a list, in the order of its file. Raises `NotFound` for a list that is not here."""
        try:
            return self._lists[name]
        except KeyError:
            raise NotFound(f"there is no code list {name}") from None

    def has(self, name: str, code: str, on: date | None = None) -> bool:
        """Whether the list holds the code, valid on a day where one is given. Raises `NotFound` for an unknown list."""
        row = self.rows(name).get(code)
        return row is not None and (on is None or row.valid(on))

    def name(self, name: str, code: str, language: Language = "zh") -> str:
        """What the code is called. Raises `NotFound` for a list or code that is not here."""
        row = self.rows(name).get(code)
        if row is None:
            raise NotFound(f"code list {name} has no {code!r}")
        return row.name if language == "zh" else row.en

    def successor(self, name: str, code: str) -> str | None:
        """The code that took the place of one when its list was renumbered; None where none did."""
        return self._successors.get(name, {}).get(code)

    def unverified(self, name: str) -> bool:
        """Whether any row of the list is only known: such a list may be incomplete, and never refuses."""
        return any(row.mark == "known" for row in self.rows(name).values())


def _read(file: Path) -> dict[str, Code]:
    found: dict[str, Code] = {}
    for line, row in _rows(file, COLUMNS):
        code = _code(row, f"code list {file.name}, line {line}")
        if code.code in found:
            raise SettingRefused(f"code list {file.name}, line {line}: {code.code} stands twice")
        found[code.code] = code
    return found


def _successors(file: Path, rows: Mapping[str, Code]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line, row in _rows(file, ("code", "successor", "source", "mark")):
        old, new = row["code"] or "", row["successor"] or ""
        if old not in rows or new not in rows or old in found:
            raise SettingRefused(
                f"successors/{file.name}, line {line}: {old} → {new} are not two codes of the list, each old one once"
            )
        found[old] = new
    return found


def _rows(file: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str | None]]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            if tuple(reader.fieldnames or ()) != columns:
                raise SettingRefused(f"code list {file.name}: the columns must be {', '.join(columns)}")
            return [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingRefused(f"code list {file.name} cannot be read: {error}") from error


def _code(row: Mapping[str, str | None], place: str) -> Code:
    values = {column: row.get(column) or "" for column in COLUMNS}
    if any(values[column] != values[column].strip() for column in COLUMNS) or len(row) != len(COLUMNS):
        raise SettingRefused(f"{place}: a blank around a value, or a column too many")
    if not all(values[column] for column in ("code", "name", "en", "source", "mark")):
        raise SettingRefused(f"{place}: code, name, en, source and mark are needed")
    if values["mark"] not in get_args(Mark):
        raise SettingRefused(f"{place}: the mark must be one of {', '.join(get_args(Mark))}")
    try:
        first, last = (
            date.fromisoformat(values[column]) if values[column] else None for column in ("valid_from", "valid_to")
        )
    except ValueError:
        raise SettingRefused(f"{place}: valid_from and valid_to are dates (YYYY-MM-DD) or empty") from None
    if first and last and last < first:
        raise SettingRefused(f"{place}: valid_to is before valid_from")
    return Code(
        code=values["code"], name=values["name"], en=values["en"], valid_from=first, valid_to=last,
        source=values["source"], mark=values["mark"],  # type: ignore[arg-type]  # checked above against Mark
    )  # fmt: skip
