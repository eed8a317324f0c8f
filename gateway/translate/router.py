"""Which adapter speaks for an endpoint, and which endpoint a native call's credential belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from gateway.errors import AccessRefused, NodeError
from gateway.model.ledger import Endpoint
from gateway.ports import Adapter, PartnerEndpoint


def resolve(row: Endpoint, adapters: Mapping[str, Adapter]) -> tuple[Adapter, PartnerEndpoint]:
    """The adapter and the settings of an endpoint. Raises `NodeError` for a profile that is not installed."""
    adapter = adapters.get(row.profile)
    if adapter is None:
        raise NodeError(
            f"no adapter for profile {row.profile!r}; installed: {', '.join(sorted(adapters))}", code="NOD-022"
        )
    return adapter, view(row)


def view(row: Endpoint) -> PartnerEndpoint:
    """What an adapter may know of an endpoint."""
    return PartnerEndpoint(
        participant=row.participant, url=row.url, settings=orjson.loads(row.settings or "{}"), secret=row.secret
    )


def by_credential(profile: str, credential: str, rows: Iterable[Endpoint]) -> PartnerEndpoint:
    """The endpoint whose inbound credential this is; the sender is its participant, never what the body says.

    Raises `AccessRefused` for a credential that no endpoint of this profile has.
    """
    for row in rows:
        if row.profile == profile and view(row).settings.get("credential") == credential and credential:
            return view(row)
    raise AccessRefused("no endpoint of this profile has this credential", code="ACC-010")
