"""`gateway number`: what a number is, its parts, its normal form, whether it holds and why not (domain.md §3.2, §3.15)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

import typer

from gateway.cli.output import done, listing, one
from gateway.cli.session import Json

Reading = Callable[[str], dict[str, Any]]


def number(
    text: Annotated[str, typer.Argument(help="An identity, credit, case, region or telephone number, or an amount.")],
    as_json: Json = False,
) -> None:
    """What a number is, its parts and normal form; status 1 where it holds as nothing."""
    from gateway.errors import RuleRefused

    found: list[dict[str, Any]] = []
    for kind, form, read in _readings():
        if not form.fullmatch(text.strip()) or (found and kind.startswith("amount")):
            continue
        try:
            found.append({"what": kind, "holds": True, **read(text.strip())})
        except RuleRefused as error:
            why = error.findings[0]
            found.append({"what": kind, "holds": False, "code": why.code, "zh": why.text_zh, "en": why.text_en})
    holding = [row for row in found if row["holds"]]
    if as_json:
        listing(holding or found, as_json=True, columns=())
    else:
        for row in holding or found:
            one(row, as_json=False)
        if not found:
            done("no number of a known form 无法识别")
    if not holding:
        raise typer.Exit(1)


def _readings() -> tuple[tuple[str, re.Pattern[str], Reading], ...]:
    """(what it is, what looks like one, how it is read), the most telling forms first."""
    from gateway.model import numbers

    return (
        (
            "resident identity number 身份证号码",
            re.compile(r"[0-9]{17}[0-9Xx]|[0-9]{15}|[0-9Xx*＊]*[*＊]{2}[0-9Xx*＊]*"),
            _identity,
        ),
        (
            "unified social credit code 统一社会信用代码",
            re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z]{18}|[1-9][0-9]{17}"),
            _credit,
        ),
        (
            "organisation code 组织机构代码",
            re.compile(r"[0-9A-Za-z]{8}-[0-9Xx]|(?=.*[A-Za-z])[0-9A-Za-z]{8}[0-9Xx]"),
            _plain(numbers.organisation_code),
        ),
        ("case mark 案件标识", re.compile(r"[0-9]{15}|[0-9]{18}"), _plain(numbers.case_mark)),
        ("region 行政区划代码", re.compile(r"[0-9]{6}"), _plain(numbers.region)),
        (
            "telephone number 电话号码",
            re.compile(r"[+0-9][-－—()（）0-9 ]{4,16}(?:转[0-9]{1,6})?"),
            _plain(numbers.phone),
        ),
        ("case number 案号", re.compile(r".*[一-鿿].*[0-9].*|.*[0-9].*[一-鿿].*"), _case),
        ("amount in yuan 金额", re.compile(r"[0-9]+(?:\.[0-9]+)?"), _plain(lambda text: str(numbers.money(text)))),
    )


def _plain(read: Callable[[str], str]) -> Reading:
    return lambda text: {"normal": read(text)}


def _identity(text: str) -> dict[str, Any]:
    from gateway.model.numbers import resident_id

    found = resident_id(text)
    sex = {"1": "male 男", "2": "female 女"}.get(found.sex or "", "")
    return {
        "normal": found.text,
        "masked": found.masked,
        "region": found.region,
        "birth": str(found.birth or ""),
        "sex": sex,
    }


def _credit(text: str) -> dict[str, Any]:
    from gateway.model.numbers import credit_code

    found = credit_code(text)
    return {"normal": found.text, "kind": found.kind, "region": found.region, "organisation": found.organisation}


def _case(text: str) -> dict[str, Any]:
    from gateway.model import casenumber

    found = casenumber.parse(text)
    parts = {"grammar": found.grammar, "year": found.year, "word": found.word, "kind": found.kind}
    return {"normal": casenumber.key(text), **parts, "serial": found.serial, "suffix": found.suffix}
