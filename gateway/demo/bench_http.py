"""HTTP/1.1 as lean as it goes, for the bench alone: both ends are ours, keep-alive, lengths given, no chunks."""

from __future__ import annotations

import asyncio

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class _Messages(asyncio.Protocol):
    """Cuts what arrives into messages: (head, body)."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = transport  # type: ignore[assignment]  # stream protocols are given stream transports

    def data_received(self, data: bytes) -> None:
        """Hand on every message that is whole."""
        self._held += data
        while (end := self._held.find(_END)) >= 0:
            head = self._held[:end].lower()
            at = head.find(_LENGTH)
            whole = end + len(_END) + (int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
            if len(self._held) < whole:
                return
            body, self._held = self._held[end + len(_END) : whole], self._held[whole:]
            self.arrived(head, body)

    def arrived(self, head: bytes, body: bytes) -> None:
        """One whole message; head in lower case."""
        raise NotImplementedError


class Caller(_Messages):
    """One connection on which one call at a time is under way."""

    def __init__(self) -> None:
        super().__init__()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    @property
    def closed(self) -> bool:
        """Whether the server has hung up."""
        return self.transport is None or self.transport.is_closing()

    def call(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Send a whole request; (status, body) of its answer. The future fails with `ConnectionError` when the server hangs up."""
        self._answer = asyncio.get_running_loop().create_future()
        if self.transport is None or self.closed:
            self._answer.set_exception(ConnectionResetError())
        else:
            self.transport.write(request)
        return self._answer

    def arrived(self, head: bytes, body: bytes) -> None:
        """The answer to the call under way."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())


class Taker(_Messages):
    """A partner system that takes everything at once."""

    def arrived(self, head: bytes, body: bytes) -> None:
        """Answer 202."""
        del head, body  # every call is taken
        if self.transport is not None:
            self.transport.write(_ANSWER)


def post(path: str, body: bytes) -> bytes:
    """A whole POST of an envelope."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("ascii") + body
