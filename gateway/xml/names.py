"""Namespaces and element names, and how a message type names an element (product.md §1).

`mediation.DesignationRequest` of schema version 1.x is `{urn:sct:mediation:1}DesignationRequest`.
"""

from __future__ import annotations

import re

ENVELOPE = "urn:sct:envelope:1"
RECEIPT = "urn:sct:receipt:1"
REGISTRY = "urn:sct:registry:1"
XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
DS = "http://www.w3.org/2000/09/xmldsig#"

#: XML-DSig's identifiers of the one canonical form and the one pair of transforms of our profile.
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED_SIGNATURE = f"{DS}enveloped-signature"
INCLUSIVE_NAMESPACES = f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces"

_NAMESPACE = re.compile(r"\{urn:sct:([a-z][a-z-]{1,30}):[1-9][0-9]{0,2}\}([A-Z][A-Za-z]{1,60})\Z")
_MESSAGE_TYPE = re.compile(r"([a-z][a-z-]{1,30})\.([A-Z][A-Za-z]{1,60})\Z")


def element_of(message_type: str, schema_version: str = "1.0") -> str:
    """The element `{namespace}Name` that a message type of a schema version names; empty when it is no message type."""
    match = _MESSAGE_TYPE.match(message_type)
    return f"{{urn:sct:{match[1]}:{schema_version.partition('.')[0]}}}{match[2]}" if match else ""


def message_type_of(tag: str) -> str:
    """The message type that an element `{namespace}Name` is; empty for an element that is none."""
    match = _NAMESPACE.match(tag)
    return f"{match[1]}.{match[2]}" if match else ""


def is_message_type(text: str) -> bool:
    """Whether `text` has the form `<family>.<Element>`."""
    return _MESSAGE_TYPE.match(text) is not None
