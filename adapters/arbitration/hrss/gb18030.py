"""GB 18030 with the code positions of the edition of 2022; Python's codec follows the table of 2000.

What moved (GB 18030-2022 annex D; GB 18030-2005 for 0xA8BC; checked against the published summaries of the Unicode Consortium and
GNU libiconv): nineteen two-byte codes left the private use area for the character itself, and the four-byte code that the
character had before took over the private use position. Both ways this is one swap of code points around Python's codec.
Six two-byte codes still stand for private use positions in the table of 2022, though their characters have long been encoded in
plane 2: what arrives in them is read as the character, and the character is written in its own four-byte code.
"""

from __future__ import annotations

from gateway.errors import DialectRefused

#: (two-byte code, private use position before, character now)
MOVED: tuple[tuple[int, int, int], ...] = (
    (0xA8BC, 0xE7C7, 0x1E3F),
    (0xA6D9, 0xE78D, 0xFE10),
    (0xA6DA, 0xE78E, 0xFE12),
    (0xA6DB, 0xE78F, 0xFE11),
    (0xA6DC, 0xE790, 0xFE13),
    (0xA6DD, 0xE791, 0xFE14),
    (0xA6DE, 0xE792, 0xFE15),
    (0xA6DF, 0xE793, 0xFE16),
    (0xA6EC, 0xE794, 0xFE17),
    (0xA6ED, 0xE795, 0xFE18),
    (0xA6F3, 0xE796, 0xFE19),
    (0xFE59, 0xE81E, 0x9FB4),
    (0xFE61, 0xE826, 0x9FB5),
    (0xFE66, 0xE82B, 0x9FB6),
    (0xFE67, 0xE82C, 0x9FB7),
    (0xFE6D, 0xE832, 0x9FB8),
    (0xFE7E, 0xE843, 0x9FB9),
    (0xFE90, 0xE854, 0x9FBA),
    (0xFEA0, 0xE864, 0x9FBB),
)
#: (two-byte code, private use position, character of plane 2): still private use in 2022, read as the character.
PLANE_2: tuple[tuple[int, int, int], ...] = (
    (0xFE51, 0xE816, 0x20087),
    (0xFE52, 0xE817, 0x20089),
    (0xFE53, 0xE818, 0x200CC),
    (0xFE6C, 0xE831, 0x215D7),
    (0xFE76, 0xE83B, 0x2298F),
    (0xFE91, 0xE855, 0x241FE),
)
_SWAP = {pua: char for _, pua, char in MOVED} | {char: pua for _, pua, char in MOVED}
_READ = _SWAP | {pua: char for _, pua, char in PLANE_2}
#: Private use positions are written as an XML character reference: their two-byte codes would be read as the character of plane 2.
_WRITE: dict[int, int | str] = {**_SWAP, **{pua: f"&#x{pua:X};" for _, pua, _ in PLANE_2}}


def decode(data: bytes) -> str:
    """Bytes of GB 2312, GBK or GB 18030 of any edition as text. Raises `DialectRefused`."""
    try:
        return data.decode("gb18030").translate(_READ)
    except UnicodeDecodeError as error:
        raise DialectRefused(f"byte {error.start} is not GB 18030", code="DIA-011") from None


def encode_xml(text: str) -> bytes:
    """XML text as GB 18030-2022; what the codec cannot carry unambiguously becomes a character reference."""
    return text.translate(_WRITE).encode("gb18030", errors="xmlcharrefreplace")
