"""The canonical payload as plain data: what adapters, rules and builders read and write instead of XML.

Keys are the element names of the XSD without prefix; an element with children is a dict, a leaf is its text, a repeatable
element is a list. `gateway.xml.shape` turns it into elements and back without loss.
"""

from __future__ import annotations

from typing import TypeAlias

Value: TypeAlias = "str | list[Value] | dict[str, Value]"
Payload: TypeAlias = "dict[str, Value]"
