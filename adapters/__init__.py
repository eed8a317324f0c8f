"""The dialects that this gateway speaks: profile → adapter, one line each."""

from adapters.arbitration.hrss.adapter import ArbitrationHrss
from adapters.canonical.https.adapter import CanonicalHttps
from adapters.court.platform.adapter import CourtPlatform
from adapters.union.rest.adapter import UnionRest
from gateway.ports import Adapter

ADAPTERS: dict[str, Adapter] = {
    "court/platform": CourtPlatform(),
    "arbitration/hrss": ArbitrationHrss(),
    "union/rest": UnionRest(),
    "canonical/https": CanonicalHttps(),
}
