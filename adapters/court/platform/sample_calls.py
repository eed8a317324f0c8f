"""What a simulated court says, in its own dialect: pinyin keys, numeric codes, Beijing time; shaped after domain.md §5.1 and §5.4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters import samples
from adapters.samples import Dispute

#: 追索劳动报酬纠纷 of the list of 2025, as this platform numbers it.
CAUSE = "9136"


@dataclass(frozen=True, kw_only=True, slots=True)
class Court:
    """Who designates to whom."""

    code: str = "150102"
    name: str = "呼和浩特市新城区人民法院（测试）"
    #: 法院代字.
    word: str = "内0102"
    #: The mediation body as the registry names it, or as the court's list numbers it.
    organisation: str = "union:t-station"
    organisation_name: str = "新城区工会法律服务工作站（测试）"


def designation(court: Court, dispute: Dispute, data: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """委派: the case, both parties, their consent, the materials and the letter."""
    year, serial = samples.day(now, "%Y"), 595 + dispute.number
    names = (dispute.worker, dispute.employer)
    cause = str(data.get("cause") or CAUSE)
    return {
        "TJAH": f"（{year}）{court.word}民诉前调{serial}号",
        "AJBS": f"4510{year}9901{serial:06d}",
        "FLYJ": "法释〔2021〕23号 第10条",
        "TYPZH": f"T-TY-{year}-{serial}",
        "MJ": "03",
        "FYDM": court.code,
        "FYMC": court.name,
        "SJDJH": f"T{samples.day(now, '%Y%m%d')}-{serial:04d}",
        "SARQ": samples.day(now),
        "SAQD": "01",
        "AY": cause,
        "ZYXZ": "1",
        "BDJE": "12,800.00",
        "SSQQ": [{"QQNR": "支付2025年11月、12月劳动报酬", "SXDM": "01", "QQJE": "12800.00"}],
        "SSLY": "申请人自2024年5月起在被申请人处任装卸工，被申请人未足额支付2025年11月、12月劳动报酬。",
        "LDZRS": "1",
        "DSR": [_worker(dispute), _employer(dispute)],
        "TJYY": [
            {"DSRMC": name, "DFYJ": "01", "QD": "01", "DFSJ": samples.instant(now, minutes=-30)} for name in names
        ],
        "XZFS": "01",
        "XZZZ": court.organisation,
        "XZRQ": samples.day(now),
        "WPLX": "01",
        "TJZZ": {"ZZBM": court.organisation, "ZZMC": court.organisation_name, "ZZLX": "06", "QH": samples.REGION},
        "QSGZ": "01",
        "TJQX": "30",
        "CLQD": [
            {"WSDM": "1105", "WSMC": "委派调解函.pdf", "FS": "1"},
            {"WSDM": "1101", "WSMC": "调解申请书.pdf", "FS": "2", "YS": "3"},
        ],
        "LXFG": {"XM": dispute.judge, "GH": "T-0007", "LXDH": "0471-0000000"},
        "BMJB": "02",
        "FJ": [_file("1105", "委派调解函.pdf"), _file("1101", "调解申请书.pdf")],
    }


def acknowledgement(case: Mapping[str, Any], data: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """确认结果, or a request to correct it (`decision` = correction-requested)."""
    asked = data.get("decision") == "correction-requested"
    decided = {"CLJG": "02" if asked else "01", "CLSJ": samples.instant(now)}
    more = {"GZSX": ["请更正协议中的履行期限"]} if asked else {"SFJA": "1"}
    return _head(case) | decided | more


def closing(case: Mapping[str, Any], data: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """结案: mode 13 is "succeeded, arbitration review"."""
    number = str(case["TJAH"]).strip("（）号")
    return _head(case) | {
        "JAFS": str(data.get("mode", "13")),
        "JARQ": samples.day(now),
        "GDH": f"归{number[-4:]}-{case['AJBS'][-6:]}",
    }


def _head(case: Mapping[str, Any]) -> dict[str, Any]:
    return {key: case[key] for key in ("TJAH", "AJBS", "TYPZH", "MJ", "XYBH") if key in case}


def _worker(dispute: Dispute) -> dict[str, Any]:
    return {
        "SSDW": "01",
        "DSRLX": "1",
        "DSRMC": dispute.worker,
        "ZJLX": "1",
        "ZJHM": dispute.worker_id,
        "XB": "09_00003-1",
        "CSRQ": "1990-01-01",
        "MZ": "02",
        "ZY": "装卸工",
        "QH": samples.REGION,
        "DZ": "呼和浩特市新城区测试路1号",
        "SDDZ": "呼和浩特市新城区测试路1号",
        "SJHM": "13800000001",
        "DZSD": {"SFTY": "1-是"},
    }


def _employer(dispute: Dispute) -> dict[str, Any]:
    return {
        "SSDW": "02",
        "DSRLX": "2",
        "DSRMC": dispute.employer,
        "SHXYDM": dispute.employer_code,
        "QH": samples.REGION,
        "DZ": "呼和浩特市新城区测试路2号",
        "SDDZ": "呼和浩特市新城区测试路2号",
        "SJHM": "13800000002",
        "FDDBR": {"XM": "测试己", "ZW": "经理"},
    }


def _file(kind: str, name: str) -> dict[str, Any]:
    return {"WSLX": kind, "WJMC": name, "WJLX": "application/pdf", "WJNR": samples.pdf(name)}
