"""Who may call what: bearer tokens with a role (protocol.md §10), stored as SHA-256, judged by one table."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from fastapi import Request

from gateway.errors import AccessRefused
from gateway.model.ledger import TokenRow
from gateway.services import Services

#: Action → roles. What is not here nobody may do.
MAY: dict[str, frozenset[str]] = {
    "read": frozenset({"viewer", "operator", "approver", "auditor", "integrator", "admin", "participant"}),
    "read-body": frozenset({"operator", "auditor", "participant"}),
    "read-access": frozenset({"auditor", "admin"}),
    "attach": frozenset({"participant", "integrator", "operator"}),
    "inbox": frozenset({"participant"}),
    "failures": frozenset({"viewer", "operator", "approver", "auditor", "admin"}),
    "replay": frozenset({"operator"}),
    "approve": frozenset({"approver"}),
    "registry": frozenset({"viewer", "operator", "approver", "auditor", "integrator", "admin"}),
    "endpoints": frozenset({"operator", "integrator", "admin"}),
    "endpoints-write": frozenset({"admin", "integrator"}),
    "switch": frozenset({"operator", "admin"}),
    "metrics": frozenset({"viewer", "operator", "admin"}),
}
#: Seconds that a token's row is believed without asking the ledger again: a revocation works within this.
_BELIEVED_S = 5.0
#: Tokens remembered at once: strangers' guesses must not fill the memory.
_REMEMBERED = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who calls: the token's name is the actor in facts; `participant` bounds what role `participant` sees."""

    name: str
    role: str
    participant: str


class Gate:
    """Turns a bearer token into a caller, and an action into a yes or a refusal."""

    def __init__(self, services: Services) -> None:
        """Tokens are read from the services' ledger."""
        self._services = services
        self._believed: dict[str, tuple[float, TokenRow | None]] = {}

    async def caller(self, request: Request, action: str) -> Caller:
        """The caller, where its role may do `action`.

        Raises `AccessRefused`: ACC-001 no or unknown token, ACC-002 expired or revoked, ACC-003 a role that may not.
        """
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise AccessRefused("this call needs a bearer token", code="ACC-001")
        row = await self._row(hashlib.sha256(secret.strip().encode()).hexdigest())
        if row is None:
            raise AccessRefused("this token is unknown here", code="ACC-001")
        if row.revoked_us is not None or row.expires_us <= self._services.node.clock.now_us():
            raise AccessRefused("this token has expired or was revoked", code="ACC-002")
        # A participant's token that names none would see everything.
        if row.role not in MAY[action] or (row.role == "participant" and not row.participant):
            raise AccessRefused(f"the role {row.role} may not {action}", code="ACC-003")
        return Caller(name=row.name, role=row.role, participant=row.participant)

    async def _row(self, digest: str) -> TokenRow | None:
        now = time.monotonic()
        found = self._believed.get(digest)
        if found is not None and now - found[0] < _BELIEVED_S:
            return found[1]
        row = await self._services.node.ledger.token(digest)
        if len(self._believed) > _REMEMBERED:
            self._believed.clear()
        self._believed[digest] = (now, row)
        return row
