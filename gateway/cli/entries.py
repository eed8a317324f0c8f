"""Registry entries as the command line makes, reads and examines them."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.bus import boundary, topics
from gateway.errors import GatewayError, RequestRefused
from gateway.flow.node import Node
from gateway.model.ids import family_of, is_node, is_participant
from gateway.model.participant import BoundCertificate, NodeEntry, Participant
from gateway.ports import Record
from gateway.signing import keyfiles
from gateway.signing import registry as registrar
from gateway.signing.keys import FileKeys

_SEALING_BYTES = 32
_SOON = timedelta(days=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a person asked to be registered."""

    subject: str
    name: str
    name_en: str
    #: `node:<name>` that the participant is local to.
    node: str
    credit_code: str
    region: str
    roles: tuple[str, ...]
    #: PEM files of keys that the participant holds itself.
    certificates: tuple[Path, ...]
    #: Base64 of a foreign node's sealing key.
    sealing_key: str
    revoked: bool


def make(wanted: Wanted, node: Node, keys: Path) -> Participant | NodeEntry:
    """The next entry of the subject, above the serial that this node knows. Raises `RequestRefused`."""
    known = node.registry()
    if is_node(wanted.subject):
        before = known.nodes.get(wanted.subject)
        return NodeEntry(
            id=wanted.subject,
            serial=before.serial + 1 if before else 1,
            certificates=_certificates(wanted, node),
            sealing_key=_sealing(wanted, node, keys),
            schemas=tuple(f"{one.namespace}@{one.version}" for one in node.catalogue.schemas),
            contracts=tuple(node.contracts.names()),
            revoked=wanted.revoked,
        )
    if not is_participant(wanted.subject):
        raise RequestRefused(f"{wanted.subject!r} is neither <family>:<credit code>, <family>:t-… nor node:<name>")
    earlier = known.participants.get(wanted.subject)
    return Participant(
        id=wanted.subject,
        serial=earlier.serial + 1 if earlier else 1,
        name_zh=wanted.name or (earlier.name_zh if earlier else wanted.subject),
        name_en=wanted.name_en or (earlier.name_en if earlier else ""),
        credit_code=wanted.credit_code or (earlier.credit_code if earlier else ""),
        region=wanted.region or (earlier.region if earlier else ""),
        family=family_of(wanted.subject),
        roles=wanted.roles or (earlier.roles if earlier else ()),
        node=wanted.node,
        certificates=_certificates(wanted, node),
        revoked=wanted.revoked,
    )


def signed(entry: Participant | NodeEntry, folder: Path, *, now: datetime) -> bytes:
    """The entry under the registrar's key. Raises `NodeError` NOD-040 where `folder` has none."""
    return registrar.sign(entry, FileKeys(folder), issued_at=now)


async def announce(entry: Participant | NodeEntry, xml: bytes, node: Node) -> None:
    """Put a signed entry on the registry topic, for every other node. Raises `NodeError`."""
    record = Record(topic=topics.registry(node.prefix), key=entry.id, value=xml, headers=())
    await boundary.publish(node.bus, [record], name="registry.announce")


def read_export(file: Path) -> list[bytes]:
    """The signed entries of an export. Raises `RequestRefused` naming the line that is none."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found.append(str(json.loads(line)["xml"]).encode())
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise RequestRefused(f"{file.name}, line {number}: no exported entry") from error
    return found


async def examine(subject: str, node: Node) -> list[dict[str, Any]]:
    """A row for each condition under which a participant's messages are taken."""
    registry = node.registry()
    entry = registry.participants.get(subject) or registry.nodes.get(subject)
    if entry is None:
        return [_row("entry", False, f"the registry of this node does not know {subject}")]
    rows = [_row("entry", not entry.revoked, f"serial {entry.serial}{', revoked' if entry.revoked else ''}")]
    home = registry.nodes.get(registry.node_of(subject))
    rows.append(_row("node", home is not None and not home.revoked, registry.node_of(subject) or "none"))
    rows += [_judged(bound, subject, node) for bound in entry.certificates or (home.certificates if home else ())]
    if isinstance(entry, Participant) and node.is_local(subject):
        endpoint = await node.ledger.endpoint(subject)
        rows.append(
            _row(
                "endpoint",
                endpoint is not None,
                f"{endpoint.profile} {endpoint.url}" if endpoint else "none: gateway endpoint add",
            )
        )
    return rows


def _judged(bound: BoundCertificate, subject: str, node: Node) -> dict[str, Any]:
    now = node.clock.now()
    try:
        signer, _ = node.trust.signer(bound.der, sender=subject, at=now)
    except GatewayError as error:
        return _row("certificate", False, f"{error.code} {error}")
    soon = bound.not_after - now < _SOON
    return _row(
        "certificate", True, f"{signer.fingerprint[:16]} until {bound.not_after.date()}{' SOON' if soon else ''}"
    )


def _row(what: str, ok: bool, why: str) -> dict[str, Any]:
    return {"what": what, "ok": ok, "why": why}


def _certificates(wanted: Wanted, node: Node) -> tuple[BoundCertificate, ...]:
    """Keys held elsewhere where files are given, else the key that this node holds; none: the node's own key speaks."""
    if wanted.certificates:
        read = [keyfiles.read_certificate(path) for path in wanted.certificates]
        held: Literal["participant", "node"] = "node" if is_node(wanted.subject) else "participant"
        return tuple(
            _bound(one.public_bytes(Encoding.DER), held, one.not_valid_before_utc, until=one.not_valid_after_utc)
            for one in read
        )
    if not node.keys.has(wanted.subject):
        return ()
    der = node.keys.certificate(wanted.subject)
    leaf = node.trust.leaf(der)
    return (_bound(der, "node", leaf.not_before, until=leaf.not_after),)


def _bound(
    der: bytes, held_by: Literal["participant", "node"], since: datetime, *, until: datetime
) -> BoundCertificate:
    return BoundCertificate(der=der, held_by=held_by, not_before=since, not_after=until)


def _sealing(wanted: Wanted, node: Node, keys: Path) -> bytes:
    if not wanted.sealing_key:
        if wanted.subject != node.name:
            raise RequestRefused(f"{wanted.subject} is not this node: give its --certificate and --sealing-key")
        return keyfiles.sealing_public(keys)
    try:
        raw = base64.b64decode(wanted.sealing_key, validate=True)
    except binascii.Error as error:
        raise RequestRefused("--sealing-key is no base64") from error
    if len(raw) != _SEALING_BYTES:
        raise RequestRefused(f"--sealing-key has {len(raw)} bytes, an X25519 key has {_SEALING_BYTES}")
    return raw
