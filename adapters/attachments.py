"""Files that a native call carries inline, both ways; bytes as base64, names as bare names (domain.md §5.3 trap 12)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from adapters import values
from adapters.codemap import CodeMap
from gateway.errors import DialectRefused

Document: TypeAlias = "tuple[str, str, str, bytes]"

MEDIA_TYPES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "ofd": "application/ofd",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "txt": "text/plain",
    "xml": "application/xml",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """What the dialect calls the parts of a file."""

    #: Code of the document's type.
    kind: str
    name: str
    media: str
    #: Size in bytes; compared when it is given.
    size: str
    #: The bytes, base64.
    data: str


def read(rows: Any, keys: Keys, codes: CodeMap) -> tuple[Document, ...]:
    """(document type, name, media type, bytes) of every file. Raises `DialectRefused` naming the row."""
    if rows is None:
        return ()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DialectRefused("the files must be a list of objects", code="DIA-002")
    return tuple(_document(row, keys, codes, index) for index, row in enumerate(rows, start=1))


def write(documents: tuple[Document, ...], keys: Keys, codes: CodeMap) -> list[dict[str, str]]:
    """The files of a call, in the dialect's words."""
    return [
        {
            keys.kind: codes.write(kind),
            keys.name: name,
            keys.media: media,
            keys.size: str(len(data)),
            keys.data: base64.b64encode(data).decode("ascii"),
        }
        for kind, name, media, data in documents
    ]


def _document(row: Mapping[str, Any], keys: Keys, codes: CodeMap, index: int) -> Document:
    unknown = set(row) - {keys.kind, keys.name, keys.media, keys.size, keys.data}
    if unknown:
        raise DialectRefused(f"file {index}: the dialect has no field {min(unknown)!r}", code="DIA-003")
    kind, name, data = (str(row.get(key) or "") for key in (keys.kind, keys.name, keys.data))
    content = values.read_base64(data)
    if not content:
        raise DialectRefused(f"file {index} ({keys.data}) has no bytes", code="DIA-009")
    size = values.plain(str(row.get(keys.size) or ""))
    # Some systems count in KB with decimals; only a whole number of bytes is held against the bytes.
    if size.isdigit() and int(size) not in {len(content), len(content) // 1024, -(-len(content) // 1024)}:
        raise DialectRefused(f"file {index}: {keys.size} says {size}, {len(content)} bytes came", code="DIA-009")
    bare = values.file_name(name)
    suffix = bare.rpartition(".")[2].lower()
    media = str(row.get(keys.media) or "").strip() or MEDIA_TYPES.get(suffix, "application/octet-stream")
    return codes.read(kind), bare, media, content
