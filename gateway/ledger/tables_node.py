"""What the node knows of others and of itself.

Endpoints, registry, tokens, replays, nonces, readings (protocol.md §1, §7, §9).
"""

from __future__ import annotations

from sqlalchemy import Index

from gateway.ledger.schema import Stored, stored
from gateway.ledger.tables import EVIDENCE
from gateway.ledger.tables_work import WORK
from gateway.model import ledger as rows

ENDPOINTS = stored(rows.Endpoint, "endpoints", key=("participant",), policy="replace")

#: Kept appended: an entry under a serial that is known already changes nothing.
REGISTRY_ENTRIES = stored(rows.RegistryRow, "registry_entries", key=("subject", "serial"), policy="first")

TOKENS = stored(rows.TokenRow, "tokens", key=("digest",), policy="replace")

REPLAYS = stored(rows.ReplayRow, "replays", key=("replay_id",), policy="replace")

#: A claim gives way once the replay that holds it has ended, so that what failed again can be replayed again
#: (protocol.md §9).
REPLAY_CLAIMS = stored(
    rows.ReplayClaim, "replay_claims", key=("failure_id",), policy="taken",
    unless='NOT EXISTS (SELECT 1 FROM "replays" AS r WHERE r."replay_id" = "replay_claims"."replay_id"'
    " AND r.\"state\" NOT IN ('done', 'cancelled'))",
)  # fmt: skip
#: `replay_failures`: the members of one replay.
Index("replay_claims_replay", REPLAY_CLAIMS.table.c.replay_id)

NONCES = stored(rows.Nonce, "nonces", key=("credential", "nonce"), policy="taken")
#: `prune`: what the clock window has left behind.
Index("nonces_expiry", NONCES.table.c.expires_us)

#: A slower reader must not take back what is known: an inbox read to its end as of a time stays read.
READINGS = stored(
    rows.Reading, "readings", key=("topic", "part"), policy="replace",
    merge={
        "through_us": 'CASE WHEN excluded."through_us" > "readings"."through_us"'
        ' THEN excluded."through_us" ELSE "readings"."through_us" END'
    },
)  # fmt: skip

NODE = (ENDPOINTS, REGISTRY_ENTRIES, TOKENS, REPLAYS, REPLAY_CLAIMS, NONCES, READINGS)

#: Row type → where it is stored; the order is the order of writing in a transaction, the same everywhere, against
#: deadlocks.
STORED: dict[type, Stored] = {one.row: one for one in (*EVIDENCE, *WORK, *NODE)}
