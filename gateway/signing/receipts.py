"""Receipts: issued under the node's key, verified against the registry's node (protocol.md §6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.model.ids import is_node
from gateway.model.receipt import Receipt
from gateway.signing import signature
from gateway.xml import receipt as form
from gateway.xml.limits import Limits
from gateway.xml.parse import parse
from gateway.xml.refusals import signature_refused

if TYPE_CHECKING:
    from gateway.ports import Keys
    from gateway.signing.trust import Trust

_DEFAULT = Limits()


def issue(receipt: Receipt, keys: Keys) -> Receipt:
    """The receipt with its signed XML. Raises `NodeError` NOD-040 when the issuer's key is not here."""
    return replace(receipt, xml=signature.sign_document(form.write(receipt), keys, receipt.issuer))


def verify(xml: bytes, trust: Trust, *, limits: Limits = _DEFAULT, at: datetime | None = None) -> Receipt:
    """The receipt that a node signed, judged at `at`, else at the time at which it was issued.

    Raises `UnreadableEnvelope`, or `SignatureRefused` SIG-051 where the issuer is no node, SIG-… as `signature.verify`.
    """
    tree = parse(xml, limits)
    claimed = form.read(tree, xml=xml)
    if not is_node(claimed.issuer):
        raise signature_refused("SIG-051", "回执的签发者不是节点", "the issuer of this receipt is no node")
    # What was read is the tree that is canonicalised now; the signature, which is detached from it, was not read.
    signature.verify_tree(tree, trust, sender=claimed.issuer, at=at or claimed.issued_at)
    return claimed


def read(xml: bytes) -> Receipt:
    """The receipt that stored bytes say; for those that were verified when they were stored."""
    return form.read(xml)
