"""Calls to partner systems over real sockets: what is known about an outcome, and what a call may not do."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.errors import GatewayError, OutcomeUnknown, PartnerUnreachable, SettingRefused
from gateway.ports import NativeCall
from gateway.transport.https import HttpsOptions, HttpsTransport, origin_of

_LOOPBACK = ipaddress.ip_address("127.0.0.1")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def partner(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A partner that speaks raw HTTP, so that it can misbehave at any byte; yields its origin."""

    async def close_after(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(close_after, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    server.close()


@asynccontextmanager
async def transport(**options: object) -> AsyncIterator[HttpsTransport]:
    """A transport that may call everything unless a test says otherwise."""
    chosen = {"permits": lambda _: True, "connect_s": 1.0} | options
    opened = HttpsTransport(HttpsOptions(**chosen))  # type: ignore[arg-type]  # options are the dataclass's own
    yield opened
    await opened.close()


def call(url: str, body: bytes = b"{}") -> NativeCall:
    """A POST as an adapter makes it."""
    return NativeCall(
        method="POST", url=url, headers=(("Content-Type", "application/json"), ("X-Api-Key", "k")), body=body
    )


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """Head of the request that came; its body is read with it when it is short."""
    return await reader.readuntil(b"\r\n\r\n") + await reader.read(2)


@pytest.mark.parametrize("status", [200, 302, 404, 503])
async def test_any_answer_is_handed_to_the_adapter(status: int) -> None:
    """Whatever the status, it comes back with headers and body, untouched; a redirect is not followed."""
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:9/\r\nX-Code: 7\r\nContent-Length: 6\r\n\r\n"
        writer.write(head.encode() + "结果".encode())
        await writer.drain()

    async with partner(answer) as origin, transport() as sender:
        got, headers, body = await sender.send(call(f"{origin}/a/b?c=%E4%B8%AD"), timeout_s=5)

    assert (got, headers["x-code"], body.decode()) == (status, "7", "结果")
    assert seen[0].startswith(b"POST /a/b?c=%E4%B8%AD HTTP/1.1\r\n")
    assert b"X-Api-Key: k\r\n" in seen[0]
    assert seen[0].endswith(b"{}")


async def test_nobody_there_is_unreachable() -> None:
    """A refused connection and an unknown host were certainly not sent: the call may be repeated."""
    async with partner(lambda *_: asyncio.sleep(0)) as origin:
        pass
    async with transport() as sender:
        for url in (f"{origin}/x", "https://no-such-host.invalid/x"):
            with pytest.raises(PartnerUnreachable) as failed:
                await sender.send(call(url), timeout_s=5)
            assert failed.value.retryable


async def _silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    await asyncio.sleep(0.7)


async def _hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await request_of(reader)


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()


async def _garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"\x00\x01 not http\r\n\r\n")
    await writer.drain()


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _ in range(40):
        writer.write(b"x" * 100_000)
        await writer.drain()


async def _compressed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")
    await writer.drain()


@pytest.mark.parametrize("handler", [_silence, _hang_up, _half, _garbage, _endless, _compressed])
async def test_sent_and_no_whole_answer_is_unknown(handler: Handler) -> None:
    """Once the request has left, silence, a broken or an endless answer leave open whether the partner took it."""
    async with partner(handler) as origin, transport(answer_limit=1_000_000) as sender:
        with pytest.raises(OutcomeUnknown) as failed:
            await sender.send(call(f"{origin}/x"), timeout_s=0.4)

    assert not failed.value.retryable
    assert origin not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "permitted"),
    [
        ("http://127.0.0.1:1/x", False),
        ("http://partner.example:80/x", True),
        ("ftp://127.0.0.1/x", True),
        ("file:///etc/passwd", True),
        ("https://user:secret@127.0.0.1/x", True),
        ("https:///x", True),
        ("https://[::1/x", True),
        ("https://127.0.0.1:99999/x", True),
    ],
)
async def test_only_configured_endpoints_are_called(url: str, *, permitted: bool) -> None:
    """An address that no endpoint has, that is no http(s), carries a user, or goes plain to another machine is not called."""
    async with transport(permits=lambda _: permitted) as sender:
        with pytest.raises(PartnerUnreachable) as refused:
            await sender.send(call(url), timeout_s=2)

    assert refused.value.code == "PAR-022"
    assert "secret" not in str(refused.value)


def test_an_origin_is_told_one_way() -> None:
    """Endpoint and call are compared by scheme, host and port, however they are written."""
    assert (
        origin_of("HTTPS://Court.Example/a?b") == origin_of("https://court.example:443") == "https://court.example:443"
    )
    assert origin_of("http://[::1]:8080/x") == "http://[::1]:8080"


async def test_a_slow_partner_takes_no_more_than_its_connections() -> None:
    """Calls beyond the limit of one host wait for a connection; those to another host go through meanwhile."""

    async def quick(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with partner(_silence) as slow, partner(quick) as fast, transport(connections_per_host=2) as sender:
        waiting = [asyncio.create_task(sender.send(call(f"{slow}/x"), timeout_s=0.5)) for _ in range(6)]
        await asyncio.sleep(0.05)
        status, _, _ = await asyncio.wait_for(sender.send(call(f"{fast}/x"), timeout_s=2), 0.3)
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)

    assert status == 200
    # Whoever waited for a connection to the last moment may still have sent: more than two, never all.
    assert 2 <= sum(isinstance(outcome, OutcomeUnknown) for outcome in outcomes) < 6
    assert sum(isinstance(outcome, PartnerUnreachable) for outcome in outcomes) == 4


def _certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that is its own authority, as a PEM file and as a server's TLS."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(_LOOPBACK)]), critical=False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.pem").write_bytes(pem)
    (folder / f"{name}.key").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return folder / f"{name}.pem", context


async def test_tls_trusts_only_named_authorities(tmp_path: Path) -> None:
    """A partner whose authority is configured is called; any other certificate is no connection, and nothing was sent."""
    trusted, tls = _certificate(tmp_path, "trusted")
    other, _ = _certificate(tmp_path, "other")
    requests: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await request_of(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with partner(answer, tls) as origin:
        async with transport(ca_file=trusted) as sender:
            assert (await sender.send(call(f"{origin}/x"), timeout_s=5))[0] == 200
        async with transport(ca_file=other) as sender:
            with pytest.raises(PartnerUnreachable) as refused:
                await sender.send(call(f"{origin}/x"), timeout_s=5)
        async with transport(ca_file=tmp_path / "none.pem") as sender:
            with pytest.raises(SettingRefused):
                await sender.send(call(f"{origin}/x"), timeout_s=5)

    assert refused.value.code == "PAR-021"
    assert len(requests) == 1


async def test_a_real_server_is_called_with_little_effort() -> None:
    """Connections are kept: many calls to an aiohttp server use one connection and each gets its own answer."""
    peers: set[object] = set()

    async def echo(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(body=await request.read())

    application = web.Application()
    application.router.add_post("/echo", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with transport() as sender:
        bodies = [
            (await sender.send(call(f"http://127.0.0.1:{port}/echo", b"%d" % number), timeout_s=5))[2]
            for number in range(20)
        ]
    await runner.cleanup()

    assert bodies == [b"%d" % number for number in range(20)]
    assert len(peers) == 1


def test_every_failure_of_a_call_is_one_of_ours() -> None:
    """Both outcomes are partner errors: nothing of aiohttp reaches the flow."""
    assert issubclass(PartnerUnreachable, GatewayError)
    assert OutcomeUnknown.fault == PartnerUnreachable.fault == "partner"
