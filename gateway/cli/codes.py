"""`gateway codes`: the code lists of contracts/codes, searched by list, code or name."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.output import listing, one
from gateway.cli.session import Config, Json

_COLUMNS = ("code", "name", "en", "valid_from", "valid_to", "source", "mark")


def codes(
    name: Annotated[str, typer.Argument(metavar="[LIST]", help="Name of a list; none: which lists there are.")] = "",
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="A code, or a part of a name; none: all.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Code lists: which there are, what is in one, what a code means."""
    from gateway.cli.law import contracts_folder
    from gateway.contract.codes import CodeBook
    from gateway.errors import NotFound

    book = CodeBook.load(contracts_folder(config) / "codes")
    if not name:
        rows = [
            {"list": known, "codes": len(book.rows(known)), "unverified": book.unverified(known)}
            for known in book.lists
        ]
        listing(rows, as_json=as_json, columns=("list", "codes", "unverified"))
        return
    if not book.knows(name):
        near = [known for known in book.lists if name in known]
        raise NotFound(
            f"there is no code list {name}; {'near are ' + ', '.join(near) if near else 'see gateway codes'}"
        )
    rows = [_row(book.rows(name)[known]) for known in book.rows(name)]
    if not code:
        listing(rows, as_json=as_json, columns=_COLUMNS)
        return
    exact = [row for row in rows if row["code"] == code]
    if exact:
        successor = book.successor(name, code)
        one({"list": name, **exact[0], **({"successor": successor} if successor else {})}, as_json=as_json)
        return
    wanted = code.casefold()
    found = [row for row in rows if wanted in f"{row['name']}\n{row['en']}".casefold()]
    if not found:
        raise NotFound(f"code list {name} has no code {code!r}, and no name holds it")
    listing(found, as_json=as_json, columns=_COLUMNS)


def _row(code: object) -> dict[str, object]:
    """A row as it stands in its file: dates as text, empty where there is none."""
    return {column: "" if (value := getattr(code, column)) is None else str(value) for column in _COLUMNS}
