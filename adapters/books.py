"""A simulator's own books on disk: its cases, what it took and how often, what it sent; SQLite, one writer, no server."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS effects (key TEXT PRIMARY KEY, message TEXT NOT NULL, number TEXT NOT NULL, native TEXT NOT NULL,
    reference TEXT NOT NULL, calls INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS cases (number TEXT PRIMARY KEY, opened INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY, action TEXT NOT NULL, number TEXT NOT NULL, body TEXT NOT NULL,
    ok INTEGER NOT NULL, answer TEXT NOT NULL, tries INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One thing that a partner system took, once, however often it was sent."""

    #: The caller's idempotency key.
    key: str
    message: str
    #: The case that it belongs to, empty where none is known.
    number: str
    native: dict[str, Any]
    #: The system's own number for it.
    reference: str
    calls: int


class Books:
    """The state of one simulated system; every change is durable when the method returns."""

    def __init__(self, path: Path) -> None:
        """Open or make the file."""
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def next(self, counter: str) -> int:
        """1, 2, 3 …: the system's own numbers."""
        row = self._db.execute(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (counter,),
        ).fetchone()
        return int(row[0])

    def take(self, effect: Effect) -> tuple[Effect, bool]:
        """Keep an effect; (the kept one, whether it was there before). A repetition only counts the call."""
        cursor = self._db.execute(
            "INSERT INTO effects VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (key) DO UPDATE SET calls = calls + 1 RETURNING calls",
            (
                effect.key,
                effect.message,
                effect.number,
                json.dumps(effect.native, ensure_ascii=False),
                effect.reference,
            ),
        )
        repeated = int(cursor.fetchone()[0]) > 1
        return (self.effect(effect.key) or effect), repeated

    def effect(self, key: str) -> Effect | None:
        """What was taken under a key."""
        return next(iter(self._effects("WHERE key = ?", (key,))), None)

    def effects(self, message: str = "", number: str = "") -> list[Effect]:
        """What was taken, in order; of one message or one case where these are given."""
        return self._effects(
            "WHERE (? = '' OR message = ?) AND (? = '' OR number = ?)", (message, message, number, number)
        )

    def _effects(self, where: str, values: tuple[str, ...]) -> list[Effect]:
        rows = self._db.execute(f"SELECT * FROM effects {where} ORDER BY rowid", values)  # noqa: S608 - `where` is a literal of this class
        return [
            Effect(key=key, message=message, number=number, native=json.loads(native), reference=reference, calls=calls)
            for key, message, number, native, reference, calls in rows
        ]

    def keep_case(self, number: str, data: dict[str, Any]) -> None:
        """Add to what is known of a case."""
        merged = (self.case(number) or {}) | data
        self._db.execute(
            "INSERT INTO cases VALUES (?, (SELECT count(*) FROM cases), ?) ON CONFLICT (number) DO UPDATE SET data = excluded.data",
            (number, json.dumps(merged, ensure_ascii=False)),
        )

    def case(self, number: str) -> dict[str, Any] | None:
        """What is known of a case, None where it is not here."""
        row = self._db.execute("SELECT data FROM cases WHERE number = ?", (number,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def find_case(self, **wanted: str) -> str:
        """The newest case whose data have these values; the newest of all where none is asked for; empty when there is none."""
        for number, data in self._db.execute("SELECT number, data FROM cases ORDER BY opened DESC"):
            known = json.loads(data)
            if all(known.get(name) == value for name, value in wanted.items()):
                return str(number)
        return ""

    def cases(self) -> dict[str, dict[str, Any]]:
        """Every case by its number, in order."""
        return {
            number: json.loads(data)
            for number, data in self._db.execute("SELECT number, data FROM cases ORDER BY opened")
        }

    def write_down(self, key: str, action: str, number: str, body: str) -> None:
        """Keep a call before it is sent, so that a restart sends the same key again."""
        self._db.execute(
            "INSERT INTO sent VALUES (?, ?, ?, ?, 0, '', 0) ON CONFLICT (key) DO NOTHING", (key, action, number, body)
        )

    def answered(self, key: str, *, ok: bool, answer: str) -> None:
        """Note one answer to a call."""
        self._db.execute("UPDATE sent SET ok = ?, answer = ?, tries = tries + 1 WHERE key = ?", (int(ok), answer, key))

    def sent(self) -> list[dict[str, Any]]:
        """Every call of this system, in order."""
        rows = self._db.execute("SELECT key, action, number, ok, answer, tries FROM sent ORDER BY rowid")
        names = ("key", "action", "number", "ok", "answer", "tries")
        return [
            dict(zip(names, (key, action, number, bool(ok), answer, tries), strict=True))
            for key, action, number, ok, answer, tries in rows
        ]
