"""Attachment bytes in files named by their SHA-256: streamed in and out, whole or not there (protocol.md §5)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from gateway.errors import AttachmentRefused, NodeError, NotFound

#: Bytes that are read at a time, and the largest chunk that may come over the bus.
CHUNK = 512 * 1024
#: Chunks are seldom smaller than this: it bounds how many files a stranger can make under one digest.
_LEAST = 64 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class FileBlobs:
    """`ports.Blobs` in a folder: `ab/cd/<sha256>`, chunks that wait for the rest in `parts/<sha256>/<total>/`.

    No name comes from outside: digests and indices are checked for form before they become a path. At most one chunk is
    in memory.
    """

    def __init__(self, folder: Path, *, limit: int) -> None:
        """`limit` is the largest attachment in bytes that is put together from chunks."""
        self._folder = folder
        self._limit = limit

    async def put(self, sha256: str, chunks: AsyncIterator[bytes], *, limit: int) -> int:
        """Store a stream and return its size.

        Raises `AttachmentRefused` when digest or limit does not hold; nothing is kept then.
        """
        target = self._path(sha256)
        draft = await asyncio.to_thread(_Draft, self._folder / "drafts")
        try:
            async for chunk in chunks:
                if draft.size + len(chunk) > limit:
                    raise AttachmentRefused(f"the attachment is larger than {limit} bytes", code="ATT-003")
                await asyncio.to_thread(draft.write, chunk)
            await asyncio.to_thread(draft.keep, sha256, target)
        except OSError as error:
            raise NodeError(f"the attachment could not be stored: {type(error).__name__}", code="NOD-024") from error
        finally:
            await asyncio.to_thread(draft.discard)
        return draft.size

    async def get(self, sha256: str) -> AsyncIterator[bytes]:
        """The bytes, at most `CHUNK` at a time. Raises `NotFound`."""
        path = self._path(sha256)
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except FileNotFoundError as error:
            raise NotFound("the attachment is not at this node") from error
        with file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk

    async def has(self, sha256: str) -> bool:
        """Whether the bytes are here, whole."""
        # A look at the directory costs a few microseconds, a thread sixty.
        return os.path.isfile(self._path(sha256))  # noqa: ASYNC240, PTH113 - see above

    async def put_chunk(self, sha256: str, index: int, total: int, data: bytes) -> bool:
        """Keep chunk `index` of `total`; True when the attachment is whole. A chunk that came before is replaced.

        Raises `AttachmentRefused` for an impossible chunk, or when all are here and the digest does not hold: then all
        are let go.
        """
        target = self._path(sha256)
        if not 0 <= index < total <= 1 + self._limit // _LEAST or len(data) > CHUNK:
            raise AttachmentRefused("the chunk does not fit an attachment of this node's size", code="ATT-004")
        try:
            return await asyncio.to_thread(
                self._put_chunk, sha256, target, self._folder / "parts" / sha256 / str(total), (index, data)
            )
        except OSError as error:
            raise NodeError(f"the chunk could not be stored: {type(error).__name__}", code="NOD-024") from error

    async def sweep(self, *, older_s: float) -> int:
        """Remove drafts of a killed process, and chunks whose rest did not come for `older_s` seconds.

        Returns how many.
        """
        return await asyncio.to_thread(self._sweep, time.time() - older_s)

    def _sweep(self, before: float) -> int:
        gone = 0
        for path in [path for name in ("drafts", "parts") for path in (self._folder / name).glob("*")]:
            # A draft that is named, or parts that are put together meanwhile, are no longer there: nothing to sweep.
            with suppress(FileNotFoundError):
                if path.stat().st_mtime >= before:
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
                gone += 1
        return gone

    def _put_chunk(self, sha256: str, target: Path, parts: Path, chunk: tuple[int, bytes]) -> bool:
        if target.is_file():
            return True
        index, data = chunk
        draft = _Draft(self._folder / "drafts")
        total = int(parts.name)
        try:
            draft.write(data)
            draft.move(parts / str(index))
            if sum(1 for _ in parts.iterdir()) < total:
                return False
        except FileNotFoundError:
            # Another worker had the last chunk too: it has put all together and removed the parts meanwhile.
            if not target.is_file():
                raise
            return True
        finally:
            draft.discard()
        self._assemble(sha256, target, [parts / str(number) for number in range(total)])
        return True

    def _assemble(self, sha256: str, target: Path, pieces: list[Path]) -> None:
        draft = _Draft(self._folder / "drafts")
        try:
            for piece in pieces:
                if draft.size + piece.stat().st_size > self._limit:
                    raise AttachmentRefused(f"the attachment is larger than {self._limit} bytes", code="ATT-003")
                draft.write(piece.read_bytes())
            draft.keep(sha256, target)
        except FileNotFoundError:
            # Another worker had the last chunk too and has put it together meanwhile.
            if not target.is_file():
                raise
        finally:
            draft.discard()
            shutil.rmtree(pieces[0].parents[1], ignore_errors=True)

    def _path(self, sha256: str) -> Path:
        if _DIGEST.match(sha256) is None:
            raise AttachmentRefused("an attachment is named by 64 hexadecimal digits of its SHA-256", code="ATT-005")
        return self._folder / sha256[:2] / sha256[2:4] / sha256


class _Draft:
    """A file that is being written; it gets its name when it is whole and on disk."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / secrets.token_hex(16)
        self._file: BinaryIO = self._path.open("xb")
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def keep(self, sha256: str, target: Path) -> None:
        """Name the file when its digest holds. Raises `AttachmentRefused`."""
        if self._hash.hexdigest() != sha256:
            raise AttachmentRefused("the bytes do not have the digest that names them", code="ATT-002")
        self.move(target)

    def move(self, target: Path) -> None:
        """Put the bytes on disk, then the name, then the folder that holds it: a crash leaves all of it or nothing."""
        self._file.flush()
        os.fsync(self._file.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        self._path.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Close, and remove what was not named."""
        self._file.close()
        self._path.unlink(missing_ok=True)
