"""Attachments in files: whole or not there, named by their digest alone, in bounded memory."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from gateway.errors import AttachmentRefused, NodeError, NotFound
from gateway.transport.blobs import CHUNK, FileBlobs

LIMIT = 4_000_000


async def stream(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Parts as they come from the network."""
    for part in parts:
        yield part


def digest(data: bytes) -> str:
    """The name of the bytes."""
    return hashlib.sha256(data).hexdigest()


async def read(blobs: FileBlobs, sha256: str) -> bytes:
    """All of a blob."""
    return b"".join([chunk async for chunk in blobs.get(sha256)])


def files(folder: Path) -> list[Path]:
    """Every file below the folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    """An empty store."""
    return FileBlobs(tmp_path / "blobs", limit=LIMIT)


async def test_bytes_come_back_as_they_went(blobs: FileBlobs) -> None:
    """A stream in uneven parts is stored whole and read back in chunks of bounded size, also when it is empty."""
    data = os.urandom(CHUNK * 2 + 17)

    assert not await blobs.has(digest(data))
    assert await blobs.put(digest(data), stream([data[:5], b"", data[5:]]), limit=LIMIT) == len(data)
    assert await blobs.put(digest(b""), stream([]), limit=LIMIT) == 0

    sizes = [len(chunk) async for chunk in blobs.get(digest(data))]
    assert sizes == [CHUNK, CHUNK, 17]
    assert await read(blobs, digest(data)) == data
    assert await read(blobs, digest(b"")) == b""


@pytest.mark.parametrize(
    ("named", "limit", "code"), [("0" * 64, LIMIT, "ATT-002"), (digest(b"x" * 100), 99, "ATT-003")]
)
async def test_a_refused_stream_leaves_nothing(
    blobs: FileBlobs, tmp_path: Path, named: str, limit: int, code: str
) -> None:
    """A digest that does not hold, or a size past the limit, is refused with its own code and no file stays behind."""
    with pytest.raises(AttachmentRefused) as refused:
        await blobs.put(named, stream([b"x" * 50, b"x" * 50]), limit=limit)

    assert refused.value.code == code
    assert not await blobs.has(named)
    assert files(tmp_path) == []


async def test_a_broken_stream_leaves_nothing(blobs: FileBlobs, tmp_path: Path) -> None:
    """A sender that hangs up half way leaves neither the attachment nor a draft."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(NodeError):
        await blobs.put(digest(b"half"), broken(), limit=LIMIT)

    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "a" * 63, "", "a" * 64 + "/x", "a" * 64 + "\n"])
async def test_only_a_digest_names_a_file(blobs: FileBlobs, name: str) -> None:
    """Nothing that comes from outside becomes a path."""
    with pytest.raises(AttachmentRefused):
        await blobs.has(name)
    with pytest.raises(AttachmentRefused):
        await blobs.put_chunk(name, 0, 1, b"x")


async def test_what_is_not_here_is_not_found(blobs: FileBlobs) -> None:
    """An unknown digest is an answer with a code, no error of the node."""
    with pytest.raises(NotFound):
        await read(blobs, "0" * 64)


async def test_chunks_in_any_order_make_the_whole(blobs: FileBlobs, tmp_path: Path) -> None:
    """Chunks of the bus come late, twice and crossed: the last one completes the attachment, and only that stays."""
    data = os.urandom(CHUNK * 2 + 5)
    pieces = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
    name = digest(data)

    assert not await blobs.put_chunk(name, 2, 3, pieces[2])
    assert not await blobs.put_chunk(name, 0, 3, pieces[0])
    assert not await blobs.put_chunk(name, 0, 3, pieces[0])
    assert not await blobs.has(name)
    assert await blobs.put_chunk(name, 1, 3, pieces[1])
    assert await blobs.put_chunk(name, 1, 3, b"late and wrong")

    assert await read(blobs, name) == data
    assert [path.name for path in files(tmp_path)] == [name]


async def test_chunks_that_do_not_fit_are_let_go(blobs: FileBlobs, tmp_path: Path) -> None:
    """When the digest does not hold, all chunks go, so that the right ones can come again; impossible ones are not kept at all."""
    data = b"a" * 10 + b"b" * 10
    await blobs.put_chunk(digest(data), 0, 2, b"forged")
    with pytest.raises(AttachmentRefused) as refused:
        await blobs.put_chunk(digest(data), 1, 2, data[10:])
    assert refused.value.code == "ATT-002"
    assert files(tmp_path) == []

    for index, total, chunk in ((2, 2, b"x"), (-1, 2, b"x"), (0, 10_000_000, b"x"), (0, 1, b"x" * (CHUNK + 1))):
        with pytest.raises(AttachmentRefused):
            await blobs.put_chunk(digest(data), index, total, chunk)
    await blobs.put_chunk(digest(data), 0, 2, data[:10])
    assert await blobs.put_chunk(digest(data), 1, 2, data[10:])


async def test_two_workers_with_the_last_chunk(blobs: FileBlobs) -> None:
    """The same chunks at once in several workers make one whole attachment and no error."""
    data = os.urandom(CHUNK + 9)
    name = digest(data)
    pieces = [(0, data[:CHUNK]), (1, data[CHUNK:])]

    done = await asyncio.gather(*(blobs.put_chunk(name, index, 2, piece) for index, piece in pieces * 4))

    assert any(done)
    assert await read(blobs, name) == data


async def test_sweeping_removes_only_what_was_left_behind(blobs: FileBlobs, tmp_path: Path) -> None:
    """Chunks whose rest never came and drafts of a killed process go after their time; attachments stay."""
    data = b"kept"
    await blobs.put(digest(data), stream([data]), limit=LIMIT)
    await blobs.put_chunk("0" * 64, 0, 2, b"alone")
    for path in (tmp_path / "blobs" / "parts").glob("*"):
        os.utime(path, (time.time() - 100, time.time() - 100))

    assert await blobs.sweep(older_s=50) == 1
    assert await read(blobs, digest(data)) == data
    assert [path.name for path in files(tmp_path)] == [digest(data)]


async def test_sweeping_passes_over_what_goes_meanwhile(blobs: FileBlobs, tmp_path: Path) -> None:
    """A draft that is listed and no longer there when it is looked at (it got its name) breaks nothing: the rest is swept."""
    await blobs.put_chunk("0" * 64, 0, 2, b"alone")
    drafts = tmp_path / "blobs" / "drafts"
    (drafts / "gone").symlink_to(drafts / "named-meanwhile")
    for path in (tmp_path / "blobs" / "parts").glob("*"):
        os.utime(path, (time.time() - 100, time.time() - 100))

    assert await blobs.sweep(older_s=50) == 1
    assert not list((tmp_path / "blobs" / "parts").glob("*"))


def test_memory_stays_bounded(tmp_path: Path) -> None:
    """100 MB through the store take little more memory than a few chunks (product.md §5: 250 MB in 64 MB)."""
    script = f"""
import asyncio, resource
from pathlib import Path
from gateway.transport.blobs import FileBlobs
block, count = b"z" * 500_000, 200
name = {digest(b"z" * 100_000_000)!r}
async def parts():
    for _ in range(count):
        yield block
async def main():
    blobs = FileBlobs(Path({str(tmp_path)!r}), limit=10**9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert await blobs.put(name, parts(), limit=10**9) == 500_000 * count
    assert sum([len(chunk) async for chunk in blobs.get(name)]) == 500_000 * count
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
asyncio.run(main())
"""
    grown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert int(grown) < 32 * 1024
