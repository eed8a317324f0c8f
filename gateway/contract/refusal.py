"""The refusals of a contract: each with its code, the state, whose turn it is, and what may come."""

from __future__ import annotations

from gateway.contract.terms import FlowContract
from gateway.errors import ContractRefused, Finding

TYPE = "/Envelope/Header/MessageType"
#: protocol.md sections that the codes stand on.
_SOURCES = {
    "FLW-101": "protocol.md §3", "FLW-102": "protocol.md §3", "FLW-103": "protocol.md §4",
    "FLW-111": "contracts/flows", "FLW-112": "protocol.md §4", "FLW-106": "contracts/flows",
    "FLW-107": "protocol.md §7", "FLW-108": "contracts/flows", "FLW-109": "protocol.md §3",
}  # fmt: skip


def refused(code: str, zh: str, en: str, *, xpath: str = TYPE) -> ContractRefused:
    """A refusal with one finding in both languages."""
    finding = Finding(code=code, xpath=xpath, text_zh=zh, text_en=en, source=_SOURCES.get(code, ""))
    return ContractRefused(en, code=code, findings=(finding,))


def no_step(contract: FlowContract, state: str, message_type: str, why: tuple[str, str] = ("", "")) -> ContractRefused:
    """FLW-101: the state does not take this message type now; names state, turn and the types that it takes."""
    term = contract.states[state]
    allowed = ", ".join(contract.allowed(state)) or "-"
    zh = f"{contract.title}：状态“{term.title}”（{state}）不接受 {message_type}{why[0]}"
    en = f"{contract.flow}: state {state} does not take {message_type}{why[1]}"
    turn_zh = f"；应由 {term.turn or '—'} 处理；此时可接受：{allowed}"
    turn_en = f"; it is the turn of {term.turn or 'nobody'}; taken are: {allowed}"
    return refused("FLW-101", zh + turn_zh, en + turn_en)
