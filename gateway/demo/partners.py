"""What each simulated partner system and its endpoint at the node are told of each other: credentials, keys, tables."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.demo.clock import DemoClock
from gateway.demo.federation import INSTITUTE, Federation, Seat
from gateway.model.ledger import Endpoint
from gateway.signing import authority as authorities
from gateway.signing import keyfiles

_SYSTEM_CODE = "T-ZCXT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Introduction:
    """Both sides of one acquaintance."""

    #: What the simulator's config.json holds.
    system: dict[str, Any]
    #: What the endpoint's settings hold.
    endpoint: dict[str, Any]
    #: The secret that the node presents or signs with.
    secret: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a partner system lives, and whose node it speaks to."""

    folder: Path
    node: str
    federation: Federation


def introduce(seat: Seat, place: Place, clock: DemoClock) -> Introduction:
    """Make the credentials of a partner system and write its config.json; returns what the endpoint must know."""
    place.folder.mkdir(parents=True, exist_ok=True)
    made = _DIALECTS[seat.profile](seat, place)
    config = {**made.system, "clock": str(clock.path)}
    (place.folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8")
    return made


def endpoint(seat: Seat, made: Introduction, url: str, *, now_us: int) -> Endpoint:
    """The row of the partner system at its node."""
    return Endpoint(
        participant=seat.participant,
        profile=seat.profile,
        url=url,
        settings=json.dumps(made.endpoint, ensure_ascii=False),
        secret=made.secret,
        paused=False,
        failures=0,
        open_until_us=0,
        updated_us=now_us,
    )


def _court(seat: Seat, place: Place) -> Introduction:
    """Each side signs its requests with an RSA key of its own."""
    theirs, ours = generate_private_key(65537, 2048), generate_private_key(65537, 2048)
    _write(place.folder / "key.pem", _private(theirs))
    (place.folder / "gateway.pem").write_bytes(_public(ours))
    return Introduction(
        system={
            "app_id": "T-COURT-APP",
            "key": str(place.folder / "key.pem"),
            "gateway_key": str(place.folder / "gateway.pem"),
            "court": {"name": seat.name_zh},
        },
        endpoint={"credential": "T-COURT-APP", "app_id": "T-GATEWAY", "public_key": _public(theirs).decode()},
        secret=_private(ours),
    )


def _union(seat: Seat, place: Place) -> Introduction:
    """Each side presents an API key; of the station's key the node keeps the digest alone."""
    del seat, place  # keys have no names in them
    theirs, ours = (f"{name}.{secrets.token_urlsafe(24)}" for name in ("T-STATION", "T-GATEWAY"))
    return Introduction(
        system={"key": theirs, "accepts": ours, "arbitration": INSTITUTE.participant},
        endpoint={"credential": "T-STATION", "key_digest": hashlib.sha256(theirs.encode()).hexdigest(), "region": {}},
        secret=ours.encode(),
    )


def _arbitration(seat: Seat, place: Place) -> Introduction:
    """Each side signs the document in the SOAP body; certificates are pinned both ways."""
    federation = place.federation
    subject = "institution-system"
    authorities.equip(federation.authority, place.folder, subject, now=federation.now)
    certificate = place.folder / f"{subject}{keyfiles.CERTIFICATE}"
    return Introduction(
        system={
            "system_code": _SYSTEM_CODE,
            "key": str(place.folder / f"{subject}{keyfiles.KEY}"),
            "certificate": str(certificate),
            "gateway_certificate": str(federation.certificate(place.node, seat.participant)),
        },
        endpoint={
            "credential": _SYSTEM_CODE,
            "system_code": "T-GATEWAY",
            "certificate": certificate.read_text("ascii"),
        },
    )


_DIALECTS: Mapping[str, Callable[[Seat, Place], Introduction]] = {
    "court/platform": _court,
    "union/rest": _union,
    "arbitration/hrss": _arbitration,
}


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _private(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
