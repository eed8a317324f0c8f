"""Two validators over the same documents: what libxml2 takes on the hot path must be what the standard says.

Each schema compiles in libxml2 and in xmlschema; seeded instances, good and mutated, get both verdicts.
Differences that remain stand in schemas/known-differences.toml with their reason; any other is a failure.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from xml.etree.ElementTree import ParseError

import xmlschema

from gateway.errors import NodeError, SettingRefused
from gateway.validate.catalogue import (
    ROOT_KINDS,
    Catalogue,
    RootKind,
    load_catalogue,
    read_index,
    wrong_digests,
)
from gateway.validate.instances import Generator, serialise
from gateway.validate.opinion import second_opinion
from gateway.validate.pattern import draw
from gateway.xml.shape import Shape


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownDifference:
    """One row of schemas/known-differences.toml."""

    id: str
    #: Which of the two takes the document.
    taken_by: str
    #: Regular expression that the other one's reason matches.
    refusal: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One document on which the validators part."""

    #: Global element, for instance mediation.Progress.
    root: str
    mutation: str
    taken_by: str
    #: Why the other one refuses it.
    refusal: str
    document: bytes
    #: Id of the known difference, empty when it is a new one.
    known: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What `gateway schemas check` found."""

    schemas: tuple[str, ...]
    #: Documents judged by both, and how many both took.
    instances: int = 0
    accepted: int = 0
    differences: tuple[Difference, ...] = ()
    #: What is wrong before any document is judged: digests, schemas that do not compile.
    problems: tuple[str, ...] = ()
    #: Mutation → documents drawn with it.
    drawn: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong and every difference is a known one."""
        return not self.problems and all(difference.known for difference in self.differences)


def check_schemas(root: Path, *, seed: int = 1, count: int = 1000) -> Report:
    """Check digests, compile twice, compare `count` seeded instances; never raises for what the schemas do wrong."""
    try:
        schemas = read_index(root)
    except SettingRefused as error:
        return Report(schemas=(), problems=(str(error),))
    names = tuple(f"{schema.namespace}@{schema.version}" for schema in schemas)
    if wrong := wrong_digests(root, schemas):
        return Report(schemas=names, problems=wrong)
    try:
        catalogue = load_catalogue(root)
        _prove_patterns(catalogue.shapes.roots.values())
        comparison = Comparison(catalogue)
    except NodeError as error:
        return Report(schemas=names, problems=(str(error),))
    chance = Random(seed)  # noqa: S311 - a seeded sequence is the point, no secret depends on it
    generator = Generator(catalogue.shapes.roots, chance)
    roots = sorted(catalogue.shapes.roots)
    for turn in range(count):
        comparison.judge(generator, roots[turn % len(roots)], mutate=chance.random() < 0.6)  # noqa: PLR2004 - more bad than good
    return Report(
        schemas=names,
        instances=comparison.instances,
        accepted=comparison.accepted,
        differences=tuple(comparison.differences),
        drawn=dict(comparison.drawn),
    )


class Comparison:
    """Holds both compiled forms and collects verdicts."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Build xmlschema's form of every root kind. Raises `SettingRefused` when one does not build."""
        self._catalogue = catalogue
        self._second: dict[RootKind, xmlschema.XMLSchema10] = {
            kind: second_opinion(catalogue.root, catalogue.schemas, kind) for kind in ROOT_KINDS
        }
        self._known = read_known(catalogue.root)
        self.instances = 0
        self.accepted = 0
        self.differences: list[Difference] = []
        self.drawn: Counter[str] = Counter()

    def judge(self, generator: Generator, name: str, *, mutate: bool) -> Difference | None:
        """Draw one document and compare the verdicts; returns the difference, if there is one."""
        document = generator.good(name)
        mutation = "none"
        if mutate:
            mutation, document = generator.mutated(document)
        data = serialise(document)
        self.instances += 1
        self.drawn[mutation] += 1
        kind: RootKind = next((kind for kind in ROOT_KINDS if name.startswith(f"{kind}.")), "envelope")
        first = "; ".join(finding.text_en for finding in self._catalogue.compiled[kind].explain(data))
        second = self._second_refusal(kind, data)
        if bool(first) == bool(second):
            self.accepted += not first
            return None
        taken_by, refusal = ("xmlschema", first) if first else ("libxml2", second)
        difference = Difference(
            root=name,
            mutation=mutation,
            taken_by=taken_by,
            refusal=refusal,
            document=data,
            known=next(
                (row.id for row in self._known if row.taken_by == taken_by and re.search(row.refusal, refusal)), ""
            ),
        )
        self.differences.append(difference)
        return difference

    def _second_refusal(self, kind: RootKind, data: bytes) -> str:
        try:
            error = next(self._second[kind].iter_errors(data), None)
        except (xmlschema.XMLSchemaException, ParseError) as broken:
            return str(broken) or "unreadable"
        return "" if error is None else (error.reason or error.message or "refused")


def _prove_patterns(shapes: Iterable[Shape]) -> None:
    """Raises `SettingRefused` for a pattern that uses more than the subset that both validators read alike."""
    for shape in shapes:
        for kind in (shape.text, *shape.attributes.values()):
            if kind is not None and kind.pattern:
                draw(kind.pattern, Random(1))  # noqa: S311 - no secret depends on it
        _prove_patterns(shape.children)


def read_known(root: Path) -> tuple[KnownDifference, ...]:
    """The rows of schemas/known-differences.toml, none without the file. Raises `SettingRefused` on a bad row."""
    path = root / "known-differences.toml"
    if not path.exists():
        return ()
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("difference", [])
        return tuple(
            KnownDifference(id=row["id"], taken_by=row["taken_by"], refusal=row["refusal"], reason=row["reason"])
            for row in rows
        )
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise SettingRefused(f"schemas/known-differences.toml cannot be read: {error!r}") from error
