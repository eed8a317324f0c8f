"""Draws texts that match a pattern of our schemas: classes, groups, alternatives, counts, and nothing else."""

from __future__ import annotations

from random import Random

from gateway.errors import SettingRefused

#: What stands for "any character but these": every script that our fields meet, also beyond the BMP.
ALPHABET = "aZ09 -.,:;/()（）〔〕·、。甲乙丙工会仲裁调解\u00a0\u3000\u1820\u182d\u2022𠮷㐂é"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r"}
#: An unbounded count is drawn up to this many beyond its minimum.
_MORE = 6
#: (pattern, where a class begins) → its members, where it ends: the same few classes are drawn from a million times.
_CLASSES: dict[tuple[str, int], tuple[list[str], int]] = {}


def draw(pattern: str, chance: Random) -> str:
    """A text that matches the whole pattern. Raises `SettingRefused` for syntax outside the subset."""
    reader = _Reader(pattern, chance)
    text = reader.alternatives()
    if reader.rest():
        raise SettingRefused(f"the pattern {pattern!r} leaves the subset that both validators agree on")
    return text


class _Reader:
    """Reads a pattern from left to right and draws as it goes."""

    def __init__(self, pattern: str, chance: Random) -> None:
        self._pattern = pattern
        self._chance = chance
        self._at = 0

    def rest(self) -> str:
        return self._pattern[self._at :]

    def alternatives(self) -> str:
        """One of the branches up to the end of the group."""
        branches = [self._branch()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._branch())
        return self._chance.choice(branches)

    def _branch(self) -> str:
        parts: list[str] = []
        while self._peek() not in ("", "|", ")"):
            start = self._at
            first = self._atom()
            end = self._at
            low, high = self._count()
            after = self._at
            for turn in range(self._chance.randint(low, high)):
                if turn == 0:
                    parts.append(first)
                    continue
                self._at = start
                parts.append(self._atom())
            self._at = max(end, after)
        return "".join(parts)

    def _atom(self) -> str:
        character = self._next()
        if character == "(":
            text = self.alternatives()
            self._next()
            return text
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escaped()
        return character

    def _class(self) -> str:
        place = (self._pattern, self._at)
        if place not in _CLASSES:
            _CLASSES[place] = (self._members(), self._at)
        members, self._at = _CLASSES[place]
        return self._chance.choice(members)

    def _members(self) -> list[str]:
        negated = self._peek() == "^"
        if negated:
            self._at += 1
        members: list[str] = []
        while self._peek() != "]":
            character = self._next()
            if character == "\\":
                character = self._escaped()
            if self._peek() == "-" and self._pattern[self._at + 1] != "]":
                self._at += 1
                members += [chr(code) for code in range(ord(character), ord(self._next()) + 1)]
            else:
                members.append(character)
        self._at += 1
        if negated:
            members = [character for character in ALPHABET if character not in members]
        return members

    def _escaped(self) -> str:
        character = self._next()
        if character.isalnum() and character not in _ESCAPES:
            raise SettingRefused(
                f"the escape \\{character} in {self._pattern!r} is read differently by the two validators"
            )
        return _ESCAPES.get(character, character)

    def _count(self) -> tuple[int, int]:
        sign = self._peek()
        if sign in ("?", "*", "+"):
            self._at += 1
            return {"?": (0, 1), "*": (0, _MORE), "+": (1, 1 + _MORE)}[sign]
        if sign != "{":
            return 1, 1
        end = self._pattern.find("}", self._at)
        if end < 0:
            raise SettingRefused(f"a count in the pattern {self._pattern!r} does not end")
        low, comma, high = self._pattern[self._at + 1 : end].partition(",")
        self._at = end + 1
        return int(low), int(high) if high else int(low) + (_MORE if comma else 0)

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _next(self) -> str:
        if not self._peek():
            raise SettingRefused(f"the pattern {self._pattern!r} ends too early")
        self._at += 1
        return self._pattern[self._at - 1]
