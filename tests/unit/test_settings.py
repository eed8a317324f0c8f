"""Settings: defaults that run, file and variables, refusals that help, secrets that stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway import settings
from gateway.errors import SettingRefused


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no file of the machine reaches a test."""
    import os

    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(folder: Path, text: str) -> Path:
    """A gateway.toml in the folder."""
    path = folder / "gateway.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_default_is_one_embedded_node() -> None:
    """Without file and variables: SQLite and the SQL bus under one directory, listening on this machine alone."""
    node = settings.load()

    assert (node.node_id, node.host, node.port, node.prefix) == ("node:local", "127.0.0.1", 8600, "sct")
    assert node.database_url == "sqlite:///data/ledger.sqlite"
    assert node.bus_url == "sqlite:///data/bus.sqlite"
    assert node.keys_dir == Path("data/keys")


def test_the_defaults_are_those_of_the_protocol() -> None:
    """Limits, retries and breaker of protocol.md §10."""
    node = settings.load()

    assert (node.limit_envelope_bytes, node.limit_depth, node.limit_attributes, node.limit_text) == (
        1_000_000,
        32,
        64,
        20_000,
    )
    assert (node.retry_first_s, node.retry_factor, node.retry_max_s) == (3, 2, 3600)
    assert (node.breaker_failures, node.breaker_open_s, node.receipt_asks) == (5, 60, 3)


def test_variables_stand_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file is found, each variable takes the place of its value, lists come by commas."""
    write(tmp_path, 'node = "court"\nport = 9000\nanchors = ["a.pem"]\n')
    monkeypatch.setenv("GATEWAY_PORT", "9001")
    monkeypatch.setenv("GATEWAY_CRLS", "x.crl, y.crl")

    node = settings.load()

    assert (node.node, node.port) == ("court", 9001)
    assert node.anchors == (Path("a.pem"),)
    assert node.crls == (Path("x.crl"), Path("y.crl"))


def test_the_file_is_found_in_its_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """GATEWAY_CONFIG before the working directory before the data directory."""
    (tmp_path / "d").mkdir()
    write(tmp_path / "d", 'node = "in-data"\n')
    monkeypatch.setenv("GATEWAY_DATA", "d")
    assert settings.load().node == "in-data"
    write(tmp_path, 'node = "here"\n')
    assert settings.load().node == "here"
    (tmp_path / "e").mkdir()
    monkeypatch.setenv("GATEWAY_CONFIG", str(write(tmp_path / "e", 'node = "named"\n')))
    assert settings.load().node == "named"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = 99999", "port"),
        ('node = "Court 1"', "node"),
        ('clock = "yesterday"', "clock"),
        ("prot = 1", "no such setting"),
        ("port = ", "TOML"),
        ('bus = "amqp://u:hidden@h"', "bus"),
        ('database = "kafka://u:hidden@h:1"', "database"),
        ("lease_s = 5", "lease_s"),
        ('tls_key = "k.pem"', "tls_certificate"),
        ('log_level = "loud"', "log_level"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(tmp_path: Path, text: str, says: str) -> None:
    """What cannot work is refused at start: which setting, why, what to write; never with its value, which may be a secret."""
    with pytest.raises(SettingRefused) as refused:
        settings.load(write(tmp_path, text))

    assert says in str(refused.value)
    assert ";" in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_a_named_file_that_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Naming a file that is not there is a mistake, not a wish for the defaults."""
    monkeypatch.setenv("GATEWAY_CONFIG", "nowhere.toml")
    with pytest.raises(SettingRefused, match=r"nowhere\.toml"):
        settings.load()


def test_secrets_do_not_show(tmp_path: Path) -> None:
    """Passwords in URLs appear in no representation of the settings, only where they are used."""
    node = settings.load(
        write(tmp_path, 'database = "postgresql+psycopg://u:hidden@h/db"\nbus = "kafka://u:hidden@h:9092"\n')
    )

    assert "hidden" not in repr(node) + str(node) + node.model_dump_json()
    assert "hidden" in node.database_url
    assert "hidden" in node.bus_url


def test_settings_do_not_change() -> None:
    """Settings are frozen: what a node started with is what it runs with."""
    node = settings.load()
    with pytest.raises(ValidationError):
        node.port = 1  # type: ignore[misc]  # that it is refused is what this shows


def test_every_setting_says_what_it_is() -> None:
    """Each has a description; a number has its unit in its name or its description."""
    rows = settings.table()

    assert len(rows) == len(settings.Settings.model_fields)
    for name, _, description in rows:
        assert description, name
        if name.endswith("_s"):
            assert "second" in description or "wait" in description, name
