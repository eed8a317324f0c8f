"""Registry: what this node knows of the federation, learned from signed entries with a rising serial (protocol.md §1)."""

from __future__ import annotations

from dataclasses import replace

from gateway.errors import AlreadyClaimed
from gateway.ledger.ledger import Ledger
from gateway.model.ledger import Change, RegistryRow
from gateway.model.participant import NodeEntry, Participant, Registry
from gateway.ports import Clock
from gateway.signing.registry import Registrar
from gateway.xml import registry as form
from gateway.xml.limits import Limits
from gateway.xml.parse import parse


class KnownRegistry:
    """The registry as of now; a lower or known serial is ignored, and the node works on with the last it knows."""

    def __init__(self, ledger: Ledger, registrar: Registrar, clock: Clock) -> None:
        """`registrar` verifies who may write entries."""
        self._ledger, self._registrar, self._clock = ledger, registrar, clock
        self._known = Registry(participants={}, nodes={})

    def current(self) -> Registry:
        """What is known now; immutable."""
        return self._known

    async def refresh(self) -> None:
        """Read what other processes of this node have learned; entries were verified when they were learned."""
        known = self._known
        for row in await self._ledger.registry_rows():
            held = known.participants.get(row.subject) or known.nodes.get(row.subject)
            if held is None or held.serial < row.serial:
                known = _with(known, form.read(parse(row.xml, Limits())).entry)
        self._known = known

    async def learn(self, xml: bytes) -> str:
        """Verify and keep an entry; returns its subject, or "" for one that is known or older. Raises `Refusal`."""
        entry = self._registrar.verify(xml)
        held = self._known.participants.get(entry.id) or self._known.nodes.get(entry.id)
        if held is not None and held.serial >= entry.serial:
            return ""
        row = RegistryRow(subject=entry.id, serial=entry.serial, xml=xml, learned_us=self._clock.now_us())
        try:
            await self._ledger.commit(Change(name="registry.learn", rows=(row,)))
        except AlreadyClaimed:
            return ""
        self._known = _with(self._known, entry)
        return entry.id


def _with(known: Registry, entry: Participant | NodeEntry) -> Registry:
    if isinstance(entry, NodeEntry):
        return replace(known, nodes={**known.nodes, entry.id: entry})
    return replace(known, participants={**known.participants, entry.id: entry})
