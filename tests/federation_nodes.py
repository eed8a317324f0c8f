"""What a node of a test federation is made of: settings, keys, certificates, registry entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from pydantic import SecretStr

from gateway.model.participant import BoundCertificate, NodeEntry, Participant
from gateway.settings import Settings
from gateway.signing import authority, keyfiles

#: 2026-03-02 10:00 in Beijing, a Monday: the story that tests/payloads*.py tell begins on this day.
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
COURT, STATION, INSTITUTION = "court:t-xincheng", "union:t-station", "arbitration:t-hohhot"
FAMILIES = {"court": COURT, "union": STATION, "arbitration": INSTITUTION}
ONE_NODE = {"local": ("court", "union", "arbitration")}
THREE_NODES = {"court": ("court",), "arbitration": ("arbitration",), "union": ("union",)}


def node_settings(folder: Path, node: str, *, database: str = "", bus: str = "", prefix: str = "sct") -> Settings:
    """The settings of one node of a federation that lives in `folder`."""
    return Settings(
        node=node,
        data=folder / node,
        database=SecretStr(database.format(node=node)),
        bus=SecretStr(bus or f"sqlite:///{folder / 'bus.sqlite'}"),
        prefix=prefix,
        anchors=(folder / "anchor.pem",),
        registrar=folder / "registrar.pem",
        clock=f"file:{folder / 'clock'}",
        log_level="error",
    )


def participant(family: str, node: str, certificate: Certificate, *, serial: int = 1, name: str = "") -> Participant:
    """A participant's registry entry; `name` where it is not the family's own test participant."""
    return Participant(
        id=name or FAMILIES[family],
        serial=serial,
        name_zh=f"测试{family}",
        family=family,
        node=f"node:{node}",
        region="150102",
        certificates=(bound(certificate, START),),
    )


def bound(certificate: Certificate, start: datetime) -> BoundCertificate:
    """A certificate as the registry binds it, in a window around the test's time."""
    return BoundCertificate(
        der=certificate.public_bytes(Encoding.DER),
        held_by="node",
        not_before=start - timedelta(days=1),
        not_after=start + timedelta(days=700),
    )


def equip(folder: Path, node: str, families: Sequence[str], root: authority.Authority) -> list[NodeEntry | Participant]:
    """Keys of a node and of the families it speaks for, with the entries that the registry needs."""
    keys = folder / node / "keys"
    certificate = authority.equip(root, keys, f"node:{node}", now=START)
    sealing = keyfiles.new_sealing_key(keys)
    entries: list[NodeEntry | Participant] = [
        NodeEntry(id=f"node:{node}", serial=1, certificates=(bound(certificate, START),), sealing_key=sealing)
    ]
    for family in families:
        own = authority.equip(root, keys, FAMILIES[family], now=START)
        entries.append(participant(family, node, own))
    return entries
