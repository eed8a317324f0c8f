"""What can go wrong, and whose fault it is.

GatewayError
├── Refusal                     the sender's fault; answered with a signed rejection
│   ├── UnreadableEnvelope      ENV-…   no header to answer to: not XML, a DOCTYPE, past a limit
│   ├── SignatureRefused        SIG-…   not exactly the strict profile, or not valid, or not the sender's
│   ├── SchemaRefused           XSD-…   carries every finding: XPath, line, rule, text
│   ├── RuleRefused             RUL-…   a rule beyond XSD: a check digit, a sum; grounds of law only advise
│   ├── ContractRefused         FLW-…   not a step that the flow allows now; names the steps that are
│   ├── ClaimRefused            CLM-…   this id stands already for other bytes
│   ├── AttachmentRefused       ATT-…   a digest or a size that does not hold, or bytes that are not here
│   ├── TransferRefused         BUS-…   a record of the bus that is not what its headers or receipt say
│   ├── DialectRefused          DIA-…   a native message that cannot be read or written, an unknown code
│   ├── AccessRefused           ACC-…   no token, no role, or not this caller's
│   └── RequestRefused          REQ-…   a query, a command or a setting that is not well formed
├── Parked                      PRK-…   cannot be judged yet: tried again when the registry or a predecessor arrives
├── PartnerError                PAR-…   the receiving system's fault or state; retried by class, then a failure record
│   ├── PartnerUnreachable      no connection, a time-out before anything was sent, 5xx: try again
│   ├── PartnerRefused          the partner answered no: not retried by itself
│   └── OutcomeUnknown          sent, and no answer: retried only where the profile says that repeating is safe
└── NodeError                   NOD-…   ours: database, bus, keys, configuration; the sender may try again
    └── StaleConversation       another step came first: step again (never leaves the flow)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["refuse", "advise"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding of a schema, a rule or a contract; `advise` travels with the message, `refuse` stops it."""

    #: Stable code or rule id: XSD-001, RUL-014, FLW-101 …
    code: str
    severity: Severity = "refuse"
    #: Where, as an XPath with positions from /Envelope.
    xpath: str = ""
    #: Line in the bytes that came, 0 where it is not known.
    line: int = 0
    text_zh: str
    text_en: str
    mend_zh: str = ""
    mend_en: str = ""
    #: Statute, standard or section that the rule comes from.
    source: str = ""


class GatewayError(Exception):
    """Anything that the gateway refuses or cannot do; `code` names the row of contracts/errors.toml that explains it."""

    #: The stable code of the class; an instance may carry a more exact one of the same family.
    code: str = "NOD-000"
    #: Whether the same call can succeed later without any change by the caller.
    retryable: bool = False
    #: Who has to act: sender, partner or node.
    fault: str = "node"

    def __init__(self, text: str = "", *, code: str | None = None, findings: Sequence[Finding] = ()) -> None:
        self.code = code or type(self).code
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__(text or "; ".join(finding.text_en for finding in self.findings) or self.code)


class Refusal(GatewayError):
    """The sender's fault: the message is answered with a signed rejection and changes nothing."""

    code = "REQ-001"
    fault = "sender"


class UnreadableEnvelope(Refusal):
    """There is no header that could be answered: not XML, an entity, a comment, or past a limit."""

    code = "ENV-001"


class SignatureRefused(Refusal):
    """The signature is not exactly the strict profile, does not hold, or is not the sender's."""

    code = "SIG-001"


class SchemaRefused(Refusal):
    """The tree is not an instance of its schema; every finding has its XPath and line."""

    code = "XSD-001"


class PayloadRefused(SchemaRefused):
    """Plain data that does not fit the shape of its element; the finding names the path in the payload."""

    code = "XSD-010"


class RuleRefused(Refusal):
    """A rule beyond XSD does not hold; grounds of law never refuse, they advise."""

    code = "RUL-001"


class ContractRefused(Refusal):
    """The message is no legal step of its process; the finding names the state, whose turn it is and what may come."""

    code = "FLW-101"
    retryable = True


class ClaimRefused(Refusal):
    """The message id stands already for other bytes."""

    code = "CLM-001"


class AttachmentRefused(Refusal):
    """An attachment's digest or size does not hold, or its bytes are not at the sender's node."""

    code = "ATT-001"


class TransferRefused(Refusal):
    """A bus record is not sealed to this node, or contradicts its headers or its receipt."""

    code = "BUS-001"


class DialectRefused(Refusal):
    """A native message cannot be read, or a canonical one cannot be written, in this dialect."""

    code = "DIA-001"


class UnknownCode(DialectRefused):
    """A code that the table of the list does not hold; names the list and the value."""

    code = "DIA-010"

    def __init__(self, list_name: str, value: str) -> None:
        self.list_name = list_name
        super().__init__(f"code list {list_name} has no entry for {value!r}")


class AccessRefused(Refusal):
    """No credential, a credential that does not hold, or a role that may not do this."""

    code = "ACC-001"


class RequestRefused(Refusal):
    """A query, a command or a setting that is not well formed or names what is not here."""

    code = "REQ-001"


class NotFound(RequestRefused):
    """What was asked for is not in this node's ledger."""

    code = "REQ-404"


class Parked(GatewayError):
    """A record that cannot be judged yet; `wait_for` says what arrival makes it worth another try."""

    code = "PRK-001"
    retryable = True
    fault = "sender"

    def __init__(self, text: str, *, wait_for: str, code: str | None = None) -> None:
        self.wait_for = wait_for
        super().__init__(text, code=code)


class PartnerError(GatewayError):
    """The receiving system's fault or state."""

    code = "PAR-001"
    fault = "partner"


class PartnerUnreachable(PartnerError):
    """No connection, a time-out before anything was sent, or a 5xx answer: tried again."""

    code = "PAR-002"
    retryable = True


class PartnerRefused(PartnerError):
    """The partner answered no; `native_code` is its own code, mapped by the adapter's table."""

    code = "PAR-003"

    def __init__(self, text: str, *, native_code: str = "", code: str | None = None) -> None:
        self.native_code = native_code
        super().__init__(text, code=code)


class OutcomeUnknown(PartnerError):
    """The call was sent and no answer came back: whether the partner took it is not known."""

    code = "PAR-004"


class NodeError(GatewayError):
    """Ours: database, bus, keys or configuration. The sender may try again."""

    code = "NOD-001"
    retryable = True


class StaleConversation(NodeError):
    """The conversation's version moved between reading and committing: the flow steps again."""

    code = "NOD-002"


class AlreadyClaimed(NodeError):
    """Another commit claimed this (stage, sender, message id) first: the flow answers from the ledger."""

    code = "NOD-003"


class LeaseLost(NodeError):
    """The compare-and-set on a lease, a failure or a deadline found another state: somebody else acted."""

    code = "NOD-004"


class SettingRefused(NodeError):
    """A setting that cannot work; says which, why, and what to write instead."""

    code = "NOD-010"
    retryable = False
