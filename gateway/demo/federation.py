"""A test federation on disk: authority, registrar, nodes with their keys, participants, and what the registry says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.bootstrap import contracts_dir, schemas_dir
from gateway.contract.load import load_contracts
from gateway.model.ids import family_of
from gateway.model.participant import BoundCertificate, NodeEntry, Participant
from gateway.settings import Settings
from gateway.signing import authority as authorities
from gateway.signing import keyfiles
from gateway.signing import registry as registrar
from gateway.signing.keys import FileKeys
from gateway.validate.catalogue import read_index


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """A test participant, and the dialect that its system speaks."""

    participant: str
    name_zh: str
    name_en: str
    profile: str
    #: Suite of the participant's key.
    suite: str = "ecdsa-p256-sha256"

    @property
    def family(self) -> str:
        """court, union or arbitration."""
        return family_of(self.participant)


COURT = Seat(
    participant="court:t-court",
    name_zh="呼和浩特市新城区人民法院（测试）",
    name_en="District court (test)",
    profile="court/platform",
)
STATION = Seat(
    participant="union:t-station",
    name_zh="新城区工会法律服务工作站（测试）",
    name_en="Union station (test)",
    profile="union/rest",
)
INSTITUTE = Seat(
    participant="arbitration:t-institute", name_zh="呼和浩特市劳动人事争议仲裁院（测试）", name_en="Arbitration institution (test)",
    profile="arbitration/hrss", suite="rsa-sha256",
)  # fmt: skip
ALONE: Mapping[str, Sequence[Seat]] = {"local": (COURT, STATION, INSTITUTE)}
THREE: Mapping[str, Sequence[Seat]] = {"court": (COURT,), "arbitration": (INSTITUTE,), "union": (STATION,)}


class Federation:
    """Keys, certificates and signed entries below one folder."""

    def __init__(self, folder: Path, nodes: Mapping[str, Sequence[Seat]], *, now: datetime) -> None:
        """Makes everything; `folder` must hold nothing of an earlier one."""
        self.folder, self.nodes, self.now = folder, nodes, now
        self.authority = authorities.new_authority("sucaitiao demo authority", now=now)
        authorities.save(self.authority, folder / "authority")
        authorities.equip(self.authority, folder / "registrar", registrar.REGISTRAR, now=now)
        for node, seats in nodes.items():
            keyfiles.new_sealing_key(self.keys(node))
            authorities.equip(self.authority, self.keys(node), f"node:{node}", now=now)
            for seat in seats:
                authorities.equip(self.authority, self.keys(node), seat.participant, now=now, suite=seat.suite)

    @property
    def anchor(self) -> Path:
        """PEM of the authority, the one anchor of every node."""
        return self.folder / "authority" / f"{authorities.SUBJECT}{keyfiles.CERTIFICATE}"

    @property
    def registrar(self) -> Path:
        """PEM of the registrar's certificate."""
        return self.folder / "registrar" / f"{registrar.REGISTRAR}{keyfiles.CERTIFICATE}"

    def keys(self, node: str) -> Path:
        """The node's key folder."""
        return self.folder / node / "keys"

    def certificate(self, node: str, subject: str) -> Path:
        """PEM of a subject's certificate at a node."""
        return self.keys(node) / f"{keyfiles.stem(subject)}{keyfiles.CERTIFICATE}"

    def entries(self) -> list[bytes]:
        """The signed registry: every node and every participant."""
        keys = FileKeys(self.folder / "registrar")
        made: list[NodeEntry | Participant] = [self._node(node) for node in self.nodes]
        made += [self._participant(node, seat) for node, seats in self.nodes.items() for seat in seats]
        return [registrar.sign(entry, keys, issued_at=self.now) for entry in made]

    def _node(self, node: str) -> NodeEntry:
        settings = Settings()
        schemas = tuple(f"{one.namespace}@{one.version}" for one in read_index(schemas_dir(settings)))
        contracts = load_contracts(contracts_dir(settings))
        return NodeEntry(
            id=f"node:{node}",
            serial=1,
            certificates=(self._bound(node, f"node:{node}"),),
            sealing_key=keyfiles.sealing_public(self.keys(node)),
            schemas=schemas,
            contracts=tuple(f"{one.flow}@{one.version}" for one in contracts.flows.values()),
        )

    def _participant(self, node: str, seat: Seat) -> Participant:
        return Participant(
            id=seat.participant,
            serial=1,
            name_zh=seat.name_zh,
            name_en=seat.name_en,
            region="150102",
            family=seat.family,
            node=f"node:{node}",
            certificates=(self._bound(node, seat.participant),),
        )

    def _bound(self, node: str, subject: str) -> BoundCertificate:
        certificate = keyfiles.read_certificate(self.certificate(node, subject))
        return BoundCertificate(
            der=certificate.public_bytes(Encoding.DER),
            held_by="node",
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )
