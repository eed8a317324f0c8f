"""Settings: gateway.toml, then GATEWAY_* variables over it, frozen (product.md §3). The default is one embedded node.

The file is the one that GATEWAY_CONFIG names, else ./gateway.toml, else gateway.toml in the data directory; none is
needed.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.errors import SettingRefused

_PREFIX = "GATEWAY_"
_NAME = r"[a-z][a-z0-9-]{0,30}"
#: A list in the file; names separated by commas in a variable.
Files = Annotated[tuple[Path, ...], NoDecode]


class Settings(BaseSettings):
    """Every setting of a node, with its default and unit; the name in upper case behind GATEWAY_ is its variable."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True
    )

    node: str = Field("local", pattern=rf"^{_NAME}$", description="name of this node on the bus and in the registry")
    data: Path = Field(Path("data"), description="directory of databases, keys and attachments")
    database: SecretStr = Field(
        SecretStr(""), description="ledger: sqlite:///FILE or postgresql+psycopg://…; empty: SQLite in data"
    )
    bus: SecretStr = Field(
        SecretStr(""),
        description="kafka://host:port,…, sqlite:///FILE or postgresql+psycopg://…; empty: SQLite in data",
    )
    prefix: str = Field("sct", pattern=rf"^{_NAME}$", description="first word of all topic names")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8600, ge=1, le=65535, description="TCP port to listen on")
    tls_certificate: Path | None = Field(
        None, description="PEM file: serve HTTPS with this certificate; none: HTTP, for a proxy before it"
    )
    tls_key: Path | None = Field(None, description="PEM file: its private key")
    processes: int = Field(1, ge=1, le=64, description="processes of `gateway serve`")

    keys: Path | None = Field(None, description="directory of private keys; none: keys in data")
    anchors: Files = Field(
        (), description="PEM files of the authorities that participants' certificates chain to; variable: by commas"
    )
    crls: Files = Field((), description="PEM or DER files of revocation lists; variable: by commas")
    registrar: Path | None = Field(
        None, description="PEM file: certificate of the federation's registrar, who signs the registry"
    )
    clock: str = Field(
        "system",
        pattern=r"^(system|file:.+)$",
        description="system, or file:PATH where all local participants are test ones",
    )
    schemas_dir: Path | None = Field(None, description="directory of the XSDs; none: those of the package")
    contracts_dir: Path | None = Field(
        None, description="directory of flows, timers, code lists; none: those of the package"
    )

    limit_envelope_bytes: int = Field(1_000_000, ge=10_000, le=1_500_000, description="largest envelope in bytes")
    limit_depth: int = Field(32, ge=8, le=128, description="deepest nesting of elements in an envelope")
    limit_attributes: int = Field(64, ge=8, le=1024, description="most attributes of an element")
    limit_text: int = Field(20_000, ge=1_000, le=1_000_000, description="longest text in characters")
    attachment_max_bytes: int = Field(300_000_000, ge=1, description="largest attachment in bytes")
    skew_s: int = Field(300, ge=0, description="how far SentAt may be ahead of this node's clock, in seconds")

    retry_first_s: float = Field(3.0, gt=0, description="wait before the first retry of a delivery, in seconds")
    retry_factor: float = Field(2.0, ge=1, le=10, description="each wait is this many times the one before")
    retry_max_s: float = Field(3600.0, gt=0, description="longest wait between retries, in seconds")
    retry_jitter: float = Field(0.2, ge=0, le=1, description="share of a wait that chance may add or take")
    retry_days: int = Field(30, ge=1, description="days of trying where neither a legal deadline nor ExpiresAt ends it")
    breaker_failures: int = Field(5, ge=1, description="failures in a row that open an endpoint's breaker")
    breaker_open_s: float = Field(60.0, gt=0, description="how long a breaker stays open, in seconds")
    call_timeout_s: float = Field(15.0, gt=0, description="time for a call to a partner system, in seconds")
    connect_timeout_s: float = Field(5.0, gt=0, description="time to connect to a partner system, in seconds")
    lease_s: float = Field(45.0, gt=0, description="lease of a delivery in seconds; longer than call_timeout_s")
    partner_ca: Path | None = Field(
        None, description="PEM file of further authorities for TLS to partners; none: the system's"
    )
    partner_plain_http: bool = Field(default=False, description="allow http:// to partner systems on other machines")
    receipt_hours: float = Field(4.0, gt=0, description="hours until a missing receipt makes the bytes be queued again")
    receipt_asks: int = Field(
        3, ge=0, le=20, description="how often they are queued again before a receipt turns negative"
    )

    park_retry_s: float = Field(60.0, gt=0, description="seconds between tries of a parked record that nothing woke")
    park_days: int = Field(7, ge=1, description="days until a parked record becomes a failure")
    park_max: int = Field(1_000, ge=1, description="most parked records of one sender")
    failure_days: int = Field(7, ge=1, description="days that records of refusals before verification are kept")
    replay_alone: int = Field(20, ge=0, description="most unchanged messages that one operator may replay alone")

    commit_max: int = Field(256, ge=1, le=5_000, description="most changes that share one database transaction")
    relay_batch: int = Field(500, ge=1, le=5_000, description="most records published in one round")
    receive_batch: int = Field(200, ge=1, le=5_000, description="most records taken from the bus in one poll")
    deliver_batch: int = Field(64, ge=1, le=1_000, description="most deliveries under way at once in a process")
    watch_every_s: float = Field(1.0, gt=0, description="seconds between looks at deadlines and missing receipts")
    bus_lease_s: float = Field(60.0, gt=0, description="SQL bus: how long a reader may keep a batch, in seconds")
    bus_partitions: int = Field(
        6, ge=1, le=1_000, description="Kafka: partitions of a new topic, fixed at its creation"
    )
    bus_replication: int = Field(1, ge=1, le=9, description="Kafka: copies of a new topic")
    bus_session_s: float = Field(
        10.0, ge=6, le=300, description="Kafka: silence after which a reader counts as dead, in seconds"
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")
    log_format: Literal["json", "text"] = Field("json", description="json for machines, text for people")

    @property
    def database_url(self) -> str:
        """The ledger's URL, the embedded default filled in; may hold a password."""
        return self.database.get_secret_value() or f"sqlite:///{self.data / 'ledger.sqlite'}"

    @property
    def bus_url(self) -> str:
        """The bus's URL, the embedded default filled in; may hold a password."""
        return self.bus.get_secret_value() or f"sqlite:///{self.data / 'bus.sqlite'}"

    @property
    def keys_dir(self) -> Path:
        """Where private keys lie."""
        return self.keys or self.data / "keys"

    @property
    def node_id(self) -> str:
        """`node:<name>`, as registry and receipts write it."""
        return f"node:{self.node}"

    @field_validator("database", "bus")
    @classmethod
    def _scheme(cls, value: SecretStr) -> SecretStr:
        known = ("", "sqlite", "postgresql", "postgresql+psycopg", "sqlite+aiosqlite", "kafka")
        if value.get_secret_value().partition("://")[0] not in known:
            raise PydanticCustomError("scheme", "write sqlite:///FILE, postgresql+psycopg://… or kafka://host:port")
        return value

    @field_validator("anchors", "crls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # five sources come by name, two are wanted
        cls, settings_cls: type[BaseSettings], **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables over the file's values, which `load` hands in; no .env file, no secrets directory."""
        del settings_cls
        return sources["env_settings"], sources["init_settings"]


def load(config: Path | None = None) -> Settings:
    """Read the file (`config`, or the one found) and the environment.

    Raises `SettingRefused`: which setting, why, what to do.
    """
    path = config or _find()
    try:
        settings = Settings(**_read(path))
    except ValidationError as error:
        raise SettingRefused(_explain(error, path)) from error
    if settings.lease_s <= settings.call_timeout_s:
        raise SettingRefused("lease_s: must be longer than call_timeout_s, or a slow call is made twice; raise lease_s")
    if settings.database_url.startswith("kafka"):
        raise SettingRefused("database: a bus is no ledger; write sqlite:///FILE or postgresql+psycopg://…")
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise SettingRefused("tls_certificate, tls_key: one without the other cannot serve HTTPS; give both or none")
    return settings


def table() -> list[tuple[str, str, str]]:
    """(name, default, description) of every setting, for the documentation and `gateway check`."""
    return [(name, _default(field.default), field.description or "") for name, field in Settings.model_fields.items()]


def _find() -> Path | None:
    named = os.environ.get(f"{_PREFIX}CONFIG")
    if named:
        return Path(named)
    for folder in (Path(), Path(os.environ.get(f"{_PREFIX}DATA", "data"))):
        if (folder / "gateway.toml").is_file():
            return folder / "gateway.toml"
    return None


def _read(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingRefused(
            f"{path.name}: cannot be read ({error.strerror}); name the file in GATEWAY_CONFIG, or leave it out"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingRefused(f"{path.name}: is no TOML ({error}); mend that line") from error


def _explain(error: ValidationError, path: Path | None) -> str:
    known = Settings.model_fields
    lines = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        name = ".".join(str(step) for step in problem["loc"])
        mend = (
            f"{known[name].description}"
            if name in known
            else "there is no such setting, look for the name in the list of settings"
        )
        lines.append(f"{name}: {problem['msg']}; {mend}")
    return f"{path.name if path else 'environment'}: " + " | ".join(lines)


def _default(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None or value == () else str(value)
