"""Names of the bus topics (product.md §3): one inbox and one blobs topic a node, and the compacted registry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from gateway.errors import SettingRefused

TopicKind = Literal["inbox", "blobs", "compacted"]

#: What every broker takes as a topic name, without the dots and underscores that metrics confuse.
_PREFIX = re.compile(r"[a-z][a-z0-9-]{0,40}\Z")
_NODE = re.compile(r"[a-z][a-z0-9-]{0,30}\Z")


def inbox(prefix: str, node: str) -> str:
    """`<prefix>.to.<node>`: transfers and receipts sealed to `node` (`node:court` or `court`).

    Raises `SettingRefused`.
    """
    return f"{_prefix(prefix)}.to.{_name(node)}"


def blobs(prefix: str, node: str) -> str:
    """`<prefix>.blobs.<node>`: sealed attachment chunks for `node`. Raises `SettingRefused`."""
    return f"{_prefix(prefix)}.blobs.{_name(node)}"


def registry(prefix: str) -> str:
    """`<prefix>.registry`: signed registry entries by subject, compacted, read by every node.

    Raises `SettingRefused`.
    """
    return f"{_prefix(prefix)}.registry"


def of_node(prefix: str, node: str) -> Mapping[str, TopicKind]:
    """The topics that `node` needs before it can start, with their kinds, for `Bus.ensure`."""
    return {inbox(prefix, node): "inbox", blobs(prefix, node): "blobs", registry(prefix): "compacted"}


def group_of(prefix: str, node: str) -> str:
    """The consumer group that all processes of `node` share (architecture.md §1). Raises `SettingRefused`."""
    return f"{_prefix(prefix)}.{_name(node)}"


def _prefix(prefix: str) -> str:
    if _PREFIX.match(prefix) is None:
        raise SettingRefused(
            f"prefix {prefix!r} cannot name topics: write lower-case letters, digits and hyphens", code="NOD-011"
        )
    return prefix


def _name(node: str) -> str:
    name = node.removeprefix("node:")
    if _NODE.match(name) is None:
        raise SettingRefused(
            f"node name {node!r} cannot name a topic: write lower-case letters, digits and hyphens", code="NOD-011"
        )
    return name
