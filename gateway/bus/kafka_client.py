"""kafka-python, imported in one place; the URL of a broker as client options."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from gateway.errors import SettingRefused

with warnings.catch_warnings():
    # kafka-python 3.0.12 reads its protocol tables with importlib.resources.read_text, which Python 3.11 and 3.12
    # deprecate.
    warnings.filterwarnings("ignore", message=r"(read|open)_text is deprecated", category=DeprecationWarning)
    import kafka
    import kafka.admin
    import kafka.errors

Kafka = kafka
#: Largest record in bytes: an envelope of 1 MB with its receipt and seal, or a chunk of 512 KB.
MAX_RECORD = 2 * 1024 * 1024
_SECURITY = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN")
#: Query parameter → client option: files of TLS.
_FILES = {"ca": "ssl_cafile", "cert": "ssl_certfile", "key": "ssl_keyfile"}


@dataclass(frozen=True, kw_only=True, slots=True)
class KafkaOptions:
    """How to reach the brokers and how topics are made."""

    #: Options that producer, consumer and admin client share; holds the password, hence never shown.
    client: Mapping[str, Any] = field(repr=False)
    #: Partitions of a topic, fixed at its creation.
    partitions: int = 6
    replication: int = 1
    #: Static membership: a process that comes back under the same name takes its partitions at once; empty: none.
    instance: str = ""
    #: A member that is silent this long has died, in seconds; brokers take 6 and more by default.
    session_s: float = 10.0


def read_url(url: str) -> dict[str, Any]:
    """`kafka://[user:password@]host:port,…[?security=&mechanism=&ca=&cert=&key=]` as client options.

    Raises `SettingRefused`.

    With a user the default is SASL_SSL and SCRAM-SHA-512, without one PLAINTEXT.
    """
    scheme, separator, rest = url.partition("://")
    if scheme != "kafka" or not separator:
        raise _refused("write kafka://host:port,host:port")
    address, _, query = rest.partition("?")
    credentials, at, hosts = address.rstrip("/").rpartition("@")
    options: dict[str, Any] = {"bootstrap_servers": _servers(hosts)}
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(parameters.keys() - {"security", "mechanism", *_FILES}):
        raise _refused(f"unknown parameter {unknown[0]!r}; known are security, mechanism, ca, cert, key")
    options["security_protocol"] = _one_of(parameters.get("security", "SASL_SSL" if at else "PLAINTEXT"), _SECURITY)
    if options["security_protocol"].startswith("SASL"):
        options |= _sasl(credentials, parameters.get("mechanism", "SCRAM-SHA-512"))
    elif at:
        raise _refused("a user and password need security=SASL_SSL or SASL_PLAINTEXT")
    return options | {option: parameters[name] for name, option in _FILES.items() if name in parameters}


def _servers(hosts: str) -> list[str]:
    servers = [host.strip() for host in hosts.split(",")]
    for server in servers:
        name, _, port = server.rpartition(":")
        if not name or not port.isdigit():
            raise _refused(f"{server!r} is no host:port")
    return servers


def _sasl(credentials: str, mechanism: str) -> dict[str, Any]:
    user, colon, password = credentials.partition(":")
    if not user or not colon:
        raise _refused("SASL needs user:password@ before the hosts")
    return {
        "sasl_mechanism": _one_of(mechanism, _MECHANISMS),
        "sasl_plain_username": unquote(user),
        "sasl_plain_password": unquote(password),
    }


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise _refused(f"{value!r} is none of {', '.join(known)}")
    return value


def _refused(text: str) -> SettingRefused:
    # The URL itself holds a password: it is not repeated.
    return SettingRefused(f"the bus URL cannot be read: {text}", code="NOD-012")
