"""The schemas that this node speaks: read from schemas/index.toml, digests checked, compiled once for each root.

libxml2 decides; what xmlschema says of the same schemas is `gateway.validate.opinion`'s (decision 0003).
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gateway.errors import Finding, SchemaRefused, SettingRefused
from gateway.xml.schema import CompiledSchema
from gateway.xml.shape import Shapes

if TYPE_CHECKING:
    from gateway.model.payload import Payload

RootKind = Literal["envelope", "receipt", "registry"]
ROOT_KINDS: tuple[RootKind, ...] = ("envelope", "receipt", "registry")


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaVersion:
    """One row of schemas/index.toml."""

    namespace: str
    version: str
    #: The schema document, relative to the schema folder; `parts` are what it includes.
    file: str
    #: Lower-case hexadecimal SHA-256 of each file, the schema document first.
    digests: dict[str, str]
    #: draft until the first tag, then frozen.
    status: Literal["draft", "frozen"]
    #: ISO date after which the version is no longer taken; empty while none is set.
    sunset: str

    @property
    def family(self) -> str:
        """The family in the namespace `urn:sct:<family>:<major>`."""
        return self.namespace.split(":")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """All schemas of a folder, compiled; instances are judged from any thread."""

    root: Path
    schemas: tuple[SchemaVersion, ...]
    #: One libxml2 schema a root kind; that of envelopes holds every payload.
    compiled: dict[RootKind, CompiledSchema]
    shapes: Shapes

    @property
    def versions(self) -> tuple[str, ...]:
        """What the node's registry entry says it takes: `<namespace>@<version>`."""
        return tuple(f"{schema.namespace}@{schema.version}" for schema in self.schemas)

    def validate(self, kind: RootKind, tree: Any) -> list[Finding]:
        """Findings (XSD-…) of an lxml element or tree; empty when it is an instance of the root kind's schemas."""
        return self.compiled[kind].validate(tree)

    def takes(self, namespace: str, version: str) -> bool:
        """Whether a payload of this namespace and version can be judged here."""
        return f"{namespace}@{version}" in self.versions

    def version_of(self, message_type: str) -> str:
        """The newest version here of a message type's family: what this node writes. Raises `SchemaRefused` for a family without one."""
        family = message_type.partition(".")[0]
        versions = [schema.version for schema in self.schemas if schema.family == family]
        if not versions:
            raise SchemaRefused(f"no schema of {message_type} here", code="XSD-005")
        return max(versions, key=lambda version: [int(part) for part in version.split(".")])

    def to_payload(self, element: Any) -> Payload:
        """The plain data of a validated payload element (see `gateway.xml.shape`)."""
        return self.shapes.to_payload(element)

    def to_element(self, name: str, payload: Payload) -> Any:
        """The lxml element of `<family>.<Element>`. Raises `PayloadRefused` naming the path."""
        return self.shapes.to_element(name, payload)


def load_catalogue(root: Path) -> Catalogue:
    """Read, check and compile the schemas below `root`. Raises `SettingRefused` when a digest does not hold."""
    schemas = read_index(root)
    if wrong := wrong_digests(root, schemas):
        raise SettingRefused(f"schemas/index.toml and the files differ: {'; '.join(wrong)}")
    return Catalogue(
        root=root,
        schemas=schemas,
        compiled={kind: CompiledSchema(locations(schemas, kind), root=root) for kind in ROOT_KINDS},
        shapes=Shapes(root / name for schema in schemas for name in schema.digests),
    )


def read_index(root: Path) -> tuple[SchemaVersion, ...]:
    """The rows of schemas/index.toml. Raises `SettingRefused` when it is missing or a row is incomplete."""
    try:
        rows = tomllib.loads((root / "index.toml").read_text(encoding="utf-8"))["schema"]
        return tuple(
            SchemaVersion(
                namespace=row["namespace"],
                version=row["version"],
                file=row["file"],
                digests={row["file"]: row["sha256"], **{part["file"]: part["sha256"] for part in row.get("parts", [])}},
                status=row["status"],
                sunset=row["sunset"],
            )
            for row in rows
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SettingRefused(f"schemas/index.toml cannot be read: {error!r}") from error


def wrong_digests(root: Path, schemas: tuple[SchemaVersion, ...]) -> tuple[str, ...]:
    """A line for each file that is missing, not named by the index, or whose SHA-256 is another (it says which)."""
    named = {name: digest for schema in schemas for name, digest in schema.digests.items()}
    present = {path.relative_to(root).as_posix(): _sha256(path) for path in root.glob("*/v*/*.xsd")}
    missing = [f"{name}: the index names it, there is no such file" for name in named.keys() - present.keys()]
    changed = [
        f"{name}: its sha256 is {digest}, which the index does not say"
        for name, digest in present.items()
        if named.get(name) != digest
    ]
    return tuple(sorted(missing + changed))


def locations(schemas: tuple[SchemaVersion, ...], kind: RootKind) -> list[tuple[str, str]]:
    """What the driver of a root kind imports: its own schema, and for envelopes every payload family."""
    if kind == "envelope":
        return [(schema.namespace, schema.file) for schema in schemas if schema.family not in {"receipt", "registry"}]
    return [(schema.namespace, schema.file) for schema in schemas if schema.family in {kind, "common"}]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
