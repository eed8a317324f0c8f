"""contracts/errors.toml: what each code means and what to do about it, in both languages, for every place that tells a person."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import SettingRefused


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorRow:
    """One code: title and mend; `http` is 0 where the family's status stands."""

    code: str
    title_zh: str
    title_en: str
    mend_zh: str
    mend_en: str
    http: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorTable:
    """All rows by code."""

    rows: dict[str, ErrorRow]

    @classmethod
    def load(cls, path: Path) -> ErrorTable:
        """Read the table. Raises `SettingRefused` for a file or a row that has not its form."""
        try:
            read = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls(rows={code: ErrorRow(code=code, **row) for code, row in read.items()})
        except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
            raise SettingRefused(f"errors.toml: {error}") from error

    def find(self, code: str) -> ErrorRow | None:
        """The row of a code."""
        return self.rows.get(code)
