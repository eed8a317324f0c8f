"""Foreign code lists as complete tables, read and written; an unknown code is an error with a name (architecture.md rule 10)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from gateway.errors import UnknownCode


class CodeMap:
    """One code list between a dialect and the canonical model.

    `read` maps every native form, several may stand for one value of ours; `write` gives the one form that is written.
    """

    __slots__ = ("_read", "_write", "name")

    def __init__(self, name: str, read: Mapping[str, str], *, write: Mapping[str, str] | None = None) -> None:
        """`read` is native → canonical; `write` adds or replaces canonical → native, else the first native form is written."""
        self.name = name
        self._read = dict(read)
        first: dict[str, str] = {}
        for native, canonical in read.items():
            first.setdefault(canonical, native)
        self._write = first | dict(write or {})

    @classmethod
    def same(cls, name: str, values: Iterable[str]) -> CodeMap:
        """A list that the dialect took over unchanged."""
        return cls(name, {value: value for value in values})

    @property
    def native(self) -> frozenset[str]:
        """Every native form that can be read."""
        return frozenset(self._read)

    @property
    def canonical(self) -> frozenset[str]:
        """Every value of ours that can be written."""
        return frozenset(self._write)

    def read(self, text: str) -> str:
        """The canonical value of a native form; full-width forms and blanks around it are tolerated. Raises `UnknownCode`."""
        found = self._read.get(text)
        if found is None:
            plain = unicodedata.normalize("NFKC", text).strip()
            found = self._read.get(plain) or self._read.get(plain.upper())
        if found is None:
            raise UnknownCode(self.name, text)
        return found

    def write(self, value: str) -> str:
        """The native form of a canonical value. Raises `UnknownCode`."""
        try:
            return self._write[value]
        except KeyError:
            raise UnknownCode(self.name, value) from None

    def overridden(self, entries: Mapping[str, str]) -> CodeMap:
        """The table of a region: `entries` is canonical → native and wins both ways over the profile's table."""
        replaced = {self._write[canonical] for canonical in entries if canonical in self._write}
        read = {native: canonical for native, canonical in self._read.items() if native not in replaced}
        return CodeMap(
            self.name,
            read | {native: canonical for canonical, native in entries.items()},
            write=self._write | dict(entries),
        )
