"""The floor of one accepted message: parse, XSD, C14N, verify and the receipt's signature, and nothing else (measurements.md)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.signing import suites
from gateway.xml import dsig
from gateway.xml.canonical import canonical
from gateway.xml.limits import Limits
from gateway.xml.parse import parse

if TYPE_CHECKING:
    from gateway.ports import Keys
    from gateway.signing.trust import Trust
    from gateway.validate.catalogue import Catalogue

#: Signed bytes of a receipt: a canonical SignedInfo is about as long.
_SIGNED_INFO = b"<" * 800


def floor_us(envelopes: Sequence[bytes], trust: Trust, catalogue: Catalogue, keys: Keys, *, issuer: str) -> float:
    """Microseconds of CPU an envelope, in this process alone; `issuer` is the node whose key signs receipts.

    What a signature says and whose key it is are found out beforehand: the floor is the libraries' work, not ours.
    """
    limits = Limits()
    parts = [dsig.read_signature(parse(raw, limits)) for raw in envelopes]
    known = [(part.signed_info, part.value, trust.leaf(part.certificate).key) for part in parts]
    used = 0.0
    for turn in range(2):  # the first warms caches, the second counts
        began = time.process_time()
        for raw, (signed_info, value, key) in zip(envelopes, known, strict=True):
            tree = parse(raw, limits)
            tree.remove(tree[-1])
            catalogue.validate("envelope", tree)
            suites.digest(canonical(tree))
            suites.holds(key, value, signed_info)
            keys.sign(issuer, _SIGNED_INFO)
        used = time.process_time() - began if turn else 0.0
    return used / len(envelopes) * 1e6
