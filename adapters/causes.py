"""Causes of action of labour and personnel disputes in both versions, with the numbers that partner systems give them.

A cause is keyed `version:number` as contracts/codes lists it (2020: 法〔2020〕346/347号; 2025: 法〔2025〕226/227号, in force 2026-01-01;
domain.md §3.1). A case keeps the version of its registration, so that both stand side by side in every table.
"""

from __future__ import annotations

from collections.abc import Mapping

#: (number in 2020, number in 2025, name); empty where the version has no such cause.
ROWS: tuple[tuple[str, str, str], ...] = (
    ("十七", "十九", "劳动争议"),
    ("186", "205", "劳动合同纠纷"),
    ("186(1)", "205(1)", "确认劳动关系纠纷"),
    ("186(2)", "205(2)", "集体合同纠纷"),
    ("186(3)", "205(3)", "劳务派遣合同纠纷"),
    ("186(4)", "205(4)", "非全日制用工纠纷"),
    ("186(5)", "205(5)", "追索劳动报酬纠纷"),
    ("186(6)", "205(6)", "经济补偿金纠纷"),
    ("186(7)", "205(7)", "竞业限制纠纷"),
    ("187", "206", "社会保险纠纷"),
    ("187(1)", "206(1)", "养老保险待遇纠纷"),
    ("187(2)", "206(2)", "工伤保险待遇纠纷"),
    ("187(3)", "206(3)", "医疗保险待遇纠纷"),
    ("187(4)", "206(4)", "生育保险待遇纠纷"),
    ("187(5)", "206(5)", "失业保险待遇纠纷"),
    ("188", "207", "福利待遇纠纷"),
    ("", "208", "超龄劳动者用工纠纷"),
    ("", "209", "承包人、被挂靠人用工主体责任纠纷"),
    ("十八", "二十", "人事争议"),
    ("189", "210", "聘用合同纠纷"),
    ("190", "211", "聘任合同纠纷"),
    ("191", "212", "辞职纠纷"),
    ("192", "213", "辞退纠纷"),
    ("", "二十一", "新就业形态用工纠纷"),
    ("", "214", "新就业形态用工合同纠纷"),
    ("", "214(1)", "确认劳动关系纠纷"),
    ("", "214(2)", "追索劳动报酬纠纷"),
    ("", "215", "新就业形态社会保险纠纷"),
    ("", "215(1)", "工伤保险待遇纠纷"),
    ("", "216", "职业伤害保障纠纷"),
    ("448", "", "申请司法确认调解协议"),
    ("449", "", "申请撤销确认调解协议裁定"),
    ("458", "", "申请支付令"),
)
NAMES: Mapping[str, str] = {f"2020:{old}": name for old, _, name in ROWS if old} | {
    f"2025:{new}": name for _, new, name in ROWS if new
}


def numbered(first: int, *, version: str) -> dict[str, str]:
    """Consecutive numbers from `first` for the causes of one version, as vendors number them: native → canonical."""
    causes = [(old if version == "2020" else new) for old, new, _ in ROWS]
    return {str(first + index): f"{version}:{cause}" for index, cause in enumerate(causes) if cause}
