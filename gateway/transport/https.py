"""HTTP to partner systems with aiohttp.

It says what came back, or whether the call can have been taken at all (protocol.md §4).
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from gateway.errors import OutcomeUnknown, PartnerUnreachable, SettingRefused
from gateway.ports import NativeCall

_PORTS = {"https": 443, "http": 80}
_PIECE = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpsOptions:
    """How partners are called."""

    #: Whether the origin of a call (`https://host:port`) is that of a configured endpoint; any other call is not sent.
    permits: Callable[[str], bool] = field(repr=False)
    #: Seconds to connect, TLS included.
    connect_s: float = 5.0
    #: Largest answer in bytes.
    answer_limit: int = 4 * 1024 * 1024
    connections_per_host: int = 16
    connections: int = 200
    #: Seconds that an idle connection is kept; shorter than what servers keep, so that few calls meet a closing one.
    idle_s: float = 4.0
    #: PEM file of further authorities for TLS; None: the system's.
    ca_file: Path | None = None
    #: Whether http:// may be used beyond this machine.
    plain_http: bool = False


class HttpsTransport:
    """`ports.Transport` over one aiohttp session; made at the first call."""

    def __init__(self, options: HttpsOptions) -> None:
        """Nothing is connected yet."""
        self._options = options
        self._session: aiohttp.ClientSession | None = None

    async def send(self, call: NativeCall, *, timeout_s: float) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers by lower-case name, body), whatever the status: the adapter judges it.

        Raises `PartnerUnreachable` when the call was certainly not sent, `OutcomeUnknown` when it was and no whole
        answer came.
        """
        self._check(call)
        sent = SimpleNamespace(begun=False)
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=self._options.connect_s)
        try:
            async with self._open().request(
                call.method,
                call.url,
                data=call.body or None,
                headers=[("Accept-Encoding", "identity"), *call.headers],
                allow_redirects=False,
                timeout=timeout,
                trace_request_ctx=sent,
            ) as response:
                body = await self._read(response)
                return response.status, {name.lower(): value for name, value in response.headers.items()}, body
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _classify(error, sent_any=sent.begun) from error

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            # TLS connections say goodbye in the next turn of the loop.
            await asyncio.sleep(0)

    def _check(self, call: NativeCall) -> None:
        """Only configured endpoints are called.

        An adapter's data must not choose an address (server-side request forgery).
        """
        origin = origin_of(call.url)
        if not self._options.permits(origin):
            raise PartnerUnreachable(f"{origin} is no configured endpoint: not called", code="PAR-022")
        if origin.startswith("http:") and not self._options.plain_http and not _is_this_machine(origin):
            raise PartnerUnreachable(f"{origin} is not encrypted: not called", code="PAR-022")

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise OutcomeUnknown("the partner's answer is compressed though it was asked not to be", code="PAR-023")
        body = bytearray()
        async for piece in response.content.iter_chunked(_PIECE):
            body += piece
            if len(body) > self._options.answer_limit:
                raise OutcomeUnknown(
                    f"the partner's answer is larger than {self._options.answer_limit} bytes", code="PAR-023"
                )
        return bytes(body)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            tracing = aiohttp.TraceConfig()
            tracing.on_request_headers_sent.append(_note_sent)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._options.connections,
                    limit_per_host=self._options.connections_per_host,
                    keepalive_timeout=self._options.idle_s,
                    ssl=_tls(self._options.ca_file),
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[tracing],
                trust_env=False,
                auto_decompress=False,
            )
        return self._session


def origin_of(url: str) -> str:
    """`scheme://host:port` of a URL, lower case, port always given.

    Raises `PartnerUnreachable` when it is no plain http(s) URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme.lower()]
    except (ValueError, KeyError) as error:
        raise PartnerUnreachable("the endpoint's address is no http or https URL", code="PAR-022") from error
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise PartnerUnreachable("the endpoint's address has no host, or a user in it", code="PAR-022")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme.lower()}://{host}:{port}"


def _is_this_machine(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _note_sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _parameters: Any) -> None:
    context.trace_request_ctx.begun = True


def _classify(error: Exception, *, sent_any: bool) -> PartnerUnreachable | OutcomeUnknown:
    """Once a header has left, the partner may have acted; before, it cannot have.

    Texts of errors may hold the URL: only the class.
    """
    kind = type(error).__name__
    if sent_any:
        return OutcomeUnknown(f"sent, and no whole answer came ({kind})", code="PAR-004")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return PartnerUnreachable(f"no trusted TLS connection ({kind})", code="PAR-021")
    return PartnerUnreachable(f"no connection ({kind})", code="PAR-002")


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise SettingRefused(f"authority file {ca_file.name} cannot be read", code="NOD-014") from error
    return context
