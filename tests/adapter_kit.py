"""What tests of adapters stand on: keys, endpoints, parcels, and payloads made from a dialect's own tables."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import strategies as st

from adapters.arbitration.hrss.pem_keys import PemKeys
from gateway.model.envelope import Header
from gateway.model.ids import uuid7
from gateway.model.receipt import Receipt
from gateway.ports import NativeCall, NativeRequest, Parcel, PartnerEndpoint

if TYPE_CHECKING:
    from adapters.fields import Dialect, Field
    from gateway.errors import Finding
    from gateway.model.payload import Payload
    from gateway.model.receipt import ReceiptKind

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
COURT, STATION, INSTITUTE = "court:t-xincheng", "union:t-station", "arbitration:t-hohhot"
API_KEY = "station-1.a-secret-for-tests"
MESSAGE_ID, CONVERSATION_ID = uuid7(1_772_416_800_000, 1), uuid7(1_772_416_800_000, 2)


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """One RSA key for each name, made once a run."""
    del name  # it only tells keys apart
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """One P-256 key for each name, made once a run."""
    del name  # it only tells keys apart
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public key."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def certificate_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate over the key, signed by itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test partner")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, NOW - timedelta(days=1), NOW + timedelta(days=365)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@cache
def pem_keys(kind: str, name: str) -> PemKeys:
    """`Keys` over one key: kind rsa or ec."""
    key = rsa_key(name) if kind == "rsa" else ec_key(name)
    return PemKeys(private_pem(key), certificate_pem(key))


def endpoint(profile: str, **settings: Any) -> PartnerEndpoint:
    """The endpoint of each profile with everything that it wants."""
    known: dict[str, tuple[str, dict[str, Any], bytes]] = {
        "court/platform": (
            COURT,
            {"credential": "court-app", "app_id": "gateway-app", "public_key": public_pem(rsa_key("court")).decode()},
            private_pem(rsa_key("gateway")),
        ),
        "union/rest": (
            STATION,
            {"credential": "station-1", "key_digest": hashlib.sha256(API_KEY.encode()).hexdigest()},
            b"gateway-1.presented-to-the-station",
        ),
        "arbitration/hrss": (
            INSTITUTE,
            {"credential": "HHHT-ZC", "certificate": certificate_pem(rsa_key("institute")).decode()},
            b"",
        ),
        "canonical/https": ("mediation:t-body", {}, b""),
    }
    participant, base, secret = known[profile]
    return PartnerEndpoint(
        participant=participant, url="https://partner.invalid/api", settings=base | settings, secret=secret
    )


def header(message_type: str, **changes: Any) -> Header:
    """A header of a message."""
    base: dict[str, Any] = {
        "message_id": MESSAGE_ID,
        "conversation_id": CONVERSATION_ID,
        "process_id": MESSAGE_ID,
        "flow": "arbitration-review" if message_type.startswith("arbitration.") else "designated-mediation",
        "flow_version": "1.0",
        "message_type": message_type,
        "schema_version": "1.0",
        "sender": COURT,
        "receiver": STATION,
        "sent_at": NOW,
        "test": True,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    return Header(**(base | changes))


def parcel(message_type: str, payload: Payload, **changes: Any) -> Parcel:
    """A message as it is handed to `write`."""
    base: dict[str, Any] = {
        "header": header(message_type),
        "payload": payload,
        "raw": b"<Envelope/>",
        "numbers": {},
        "accepted_at": NOW,
    }
    return Parcel(**(base | changes))


def receipt(kind: ReceiptKind = "accepted", findings: tuple[Finding, ...] = ()) -> Receipt:
    """A node's word about the message."""
    return Receipt(
        kind=kind,
        issuer="node:local",
        recipient=STATION,
        sender=COURT,
        message_id=MESSAGE_ID,
        conversation_id=CONVERSATION_ID,
        message_type="mediation.DesignationRequest",
        digest="0" * 64,
        findings=findings,
        issued_at=NOW,
        xml=b"<Receipt/>",
    )


def as_request(call: NativeCall, path: str) -> NativeRequest:
    """A call of ours as the other side would see it."""
    return NativeRequest(method=call.method, path=path, query="", headers=dict(call.headers), body=call.body)


#: Every character of XML 1.0 but the carriage return's line-end games: names with rare characters, Mongolian, emoji, blanks around.
TEXT = (
    st.sampled_from("0123")
    | st.text(
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=12
    )
    | st.sampled_from(
        [
            "无",
            "-",
            "null",
            " 测试甲",
            "苏德·巴特尔",
            "𠂇㐂",
            "ᠮᠣᠩᠭᠣᠯ",
            "a\nb\tc",
            "150102199001010019",
            "&lt;<>&\"'",
            "\u3000",
            "︐鿃",
        ]
    )
)
_DIGITS = st.text("0123456789", min_size=1, max_size=6)
_INSTANT = st.builds(
    lambda moment, zone, micro: moment.replace(microsecond=micro).isoformat() + zone,
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - the offset is written behind it
    st.sampled_from(["+08:00", "Z", "+06:00", "-05:00"]),
    st.sampled_from([0, 0, 1, 500_000]),
)
_LEAVES: dict[str, st.SearchStrategy[str]] = {
    "text": TEXT,
    "joined": TEXT | st.sampled_from(["13800000001", "0471-0000000", "13800000001;13800000002"]),
    "id": TEXT | st.sampled_from(["150102199001010019", "15010219900101001x", "１５０", "1501**********0019"]),
    "count": st.integers(0, 999_999).map(str),
    "day": st.dates(datetime(1900, 1, 1).date(), datetime(2090, 1, 1).date()).map(str),  # noqa: DTZ001 - only the day is used
    "instant": _INSTANT,
    "flag": st.sampled_from(["true", "false"]),
    "money": st.builds(lambda whole, part: f"{whole}{part}", _DIGITS, st.sampled_from(["", ".5", ".00", ".37"])),
}


def payloads_of(dialect: Dialect, table: str) -> st.SearchStrategy[Payload]:
    """Payloads that fill a table's fields by chance, with values that no field can carry exactly among them."""
    fields = [field for field in dialect.tables[table].fields if field.kind != "label"]
    return st.fixed_dictionaries(
        {}, optional={field.path: _value(dialect, field) for field in fields} | {("Extension",): TEXT}
    ).map(_nested)


def _value(dialect: Dialect, field: Field) -> st.SearchStrategy[Any]:
    one: st.SearchStrategy[Any]
    if field.kind == "record":
        one = st.deferred(lambda: payloads_of(dialect, field.of).filter(bool))
    elif field.kind == "cause":
        one = st.sampled_from(sorted(dialect.codes[field.of].canonical)).map(
            lambda key: {"@version": key.partition(":")[0], "#text": key.partition(":")[2]}
        )
    elif field.kind == "code":
        one = st.sampled_from(sorted(dialect.codes[field.of].canonical))
    else:
        one = _LEAVES[field.kind]
    return st.lists(one, min_size=1, max_size=2) if field.many or field.kind == "joined" else one


def _nested(flat: dict[tuple[str, ...], Any]) -> Payload:
    """Nested records from paths; a masked number has its note, as a valid payload has."""
    payload: Payload = {}
    for path, value in flat.items():
        place: Any = payload
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value
    if "*" in str(payload.get("IdNumber", "")) and "IdNumberNote" not in payload:
        payload["IdNumberNote"] = {"State": "masked", "Reason": "来源系统已脱敏"}
    return payload


@cache
def pem_certificate(kind: str, name: str) -> bytes:
    """The certificate that `pem_keys` of the same names signs under."""
    der = pem_keys(kind, name).certificate(name)
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
