"""Who sends, who is addressed and who is copied: roles are fixed by the opening message (protocol.md §3)."""

from __future__ import annotations

from gateway.contract.refusal import refused
from gateway.contract.terms import FlowContract, MessageTerm
from gateway.model.ids import family_of
from gateway.model.process import ProcessView, StepMessage

SENDER = "/Envelope/Header/Sender"
RECEIVER = "/Envelope/Header/Receiver"
COPY = "/Envelope/Header/Copy"


def bind(
    contract: FlowContract, process: ProcessView | None, message: StepMessage, term: MessageTerm
) -> dict[str, str]:
    """Role → participant after the message.

    An opening message binds its sender and receiver; later only the keeper brings in a role, by addressing it.
    Raises `ContractRefused`: FLW-102 for another participant or family, FLW-106 for a copy that is not allowed.
    """
    roles = dict(process.roles) if process else {}
    opens = process is None or term.sender == contract.keeper
    _take(contract, roles, (term.sender, message.sender), xpath=SENDER, free=process is None)
    _take(contract, roles, (term.receiver, message.receiver), xpath=RECEIVER, free=opens)
    for role, participant in message.copies:
        if role not in term.copies:
            allowed = ", ".join(term.copies) or "-"
            en = f"{term.type} may not be copied to the role {role}; allowed are: {allowed}"
            raise refused("FLW-106", f"{term.type} 不得抄送角色 {role}；允许：{allowed}", en, xpath=COPY)
        _take(contract, roles, (role, participant), xpath=COPY, free=True)
    return roles


def _take(contract: FlowContract, roles: dict[str, str], claim: tuple[str, str], *, xpath: str, free: bool) -> None:
    """Give a role to a participant, or see that it has it already."""
    role, participant = claim
    holder = roles.get(role)
    if holder is None and free:
        families = contract.roles[role].families
        if family_of(participant) not in families:
            en = f"{participant} cannot be {role}: that is for the families {', '.join(families)}"
            raise refused("FLW-102", f"{participant} 不能担任角色 {role}（限 {', '.join(families)}）", en, xpath=xpath)
        roles[role] = participant
    elif holder != participant:
        en = f"{participant} is not the {role} of this process; a change of participant needs a new process"
        raise refused("FLW-102", f"{participant} 不是本流程的 {role}；更换参与方须另开流程", en, xpath=xpath)
