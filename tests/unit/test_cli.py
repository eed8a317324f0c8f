"""The command line: light to ask, honest in its exit status, and enough to set up a node from nothing."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.app import app
from gateway.errors import GatewayError

_HEAVY = ("fastapi", "sqlalchemy", "lxml", "cryptography", "kafka", "aiohttp", "xmlschema", "pydantic", "uvicorn")


def run(*words: str | Path) -> Result:
    """One command in this process."""
    return CliRunner().invoke(app, [str(word) for word in words])


def good(*words: str | Path) -> Result:
    """One command that must end with status 0."""
    result = run(*words)
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result


def listed(*words: str | Path) -> Any:
    """What a command prints with --json."""
    return json.loads(good(*words, "--json").stdout)


def processor_seconds(*words: str) -> float:
    """User and system time of a child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Home:
    """A node of its own below a folder, set up by commands alone."""

    def __init__(self, folder: Path, name: str = "local") -> None:
        self.folder, self.ca, self.config = folder, folder / "ca", folder / name / "gateway.toml"
        self.name, self.keys = name, folder / name / "keys"
        self.config.parent.mkdir(parents=True)
        self.config.write_text(
            f'node = "{name}"\ndata = "{self.config.parent}"\nanchors = ["{self.ca}/authority.crt.pem"]\n'
            f'registrar = "{folder}/registrar.crt.pem"\n'
        )

    def furnish(self) -> None:
        """Authority, registrar, the node's keys, tables, and the node's own entry."""
        good("key", "authority", self.ca)
        good("key", "new", "registrar", "--ca", self.ca, "--config", self.config)
        (self.folder / "registrar.crt.pem").write_bytes((self.keys / "registrar.crt.pem").read_bytes())
        good("key", "new", f"node:{self.name}", "--ca", self.ca, "--config", self.config)
        good("migrate", "--config", self.config)
        good("participant", "add", f"node:{self.name}", "--config", self.config)

    def run(self, *words: str | Path) -> Result:
        """One command on this node."""
        return run(*words, "--config", self.config)

    def good(self, *words: str | Path) -> Result:
        """One command on this node that must succeed."""
        return good(*words, "--config", self.config)

    def listed(self, *words: str | Path) -> Any:
        """A listing of this node."""
        return listed(*words, "--config", self.config)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A node that commands have set up; tests add to it what is theirs."""
    made = Home(tmp_path_factory.mktemp("home"))
    made.furnish()
    return made


def test_help_answers_at_once() -> None:
    """`gateway --help` takes at most half a second of processor time: what is heavy is imported by the command that needs it."""
    assert min(processor_seconds("-m", "gateway", "--help") for _ in range(4)) <= 0.5


def test_asking_for_help_imports_nothing_heavy() -> None:
    """No database, web, XML or broker library is loaded to print the list of commands."""
    code = f"import sys, gateway.cli.app; print([name for name in {_HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "words",
    [
        ("nosuch",),
        ("send",),
        ("serve", "--only", "api,nosuch"),
        ("simulate", "no/such", "--config", __file__),
        ("token", "new", "someone"),
        ("send", __file__, "--url", "ftp://somewhere"),
    ],
)
def test_wrong_usage_ends_with_status_2(words: tuple[str, ...]) -> None:
    """An unknown command, option, stage, profile or address is a usage error, told before anything is done."""
    assert run(*words).exit_code == 2


def test_a_refusal_says_what_why_and_the_mend_in_both_languages(tmp_path: Path) -> None:
    """A command that the gateway refuses ends with status 1, the code, and what to do, in zh-CN and en; no stack."""
    config = tmp_path / "gateway.toml"
    config.write_text("prot = 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "token", "list", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "NOD-010" in done.stderr
    assert "prot" in done.stderr
    assert any("\u4e00" <= char <= "\u9fff" for char in done.stderr)
    assert "Traceback" not in done.stderr


def test_a_node_is_set_up_by_commands_alone(home: Home) -> None:
    """Authority, keys, registry, endpoint, token: afterwards `gateway check` finds nothing wrong."""
    home.good("key", "new", "court:t-cli", "--ca", home.ca)
    home.good("participant", "add", "court:t-cli", "--name", "测试法院", "--region", "150102")
    home.good("endpoint", "add", "court:t-cli", "--profile", "canonical/https", "--url", "http://127.0.0.1:9")
    rows = home.listed("check")
    assert [row for row in rows if not row["ok"]] == []
    assert {"configuration", "disk", "clock", "database", "bus", "registry"} <= {row["what"] for row in rows}
    assert {row["subject"] for row in home.listed("participant", "list")} >= {"node:local", "court:t-cli"}
    assert {row["subject"] for row in home.listed("key", "list")} >= {"registrar", "node:local", "court:t-cli"}


def test_a_key_made_elsewhere_is_registered(home: Home, tmp_path: Path) -> None:
    """A key and request of openssl get a certificate; the participant that holds the key is registered with it, and its chain holds."""
    key, request, certificate = tmp_path / "k.pem", tmp_path / "r.pem", tmp_path / "c.pem"
    words = [
        "openssl",
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=any",
    ]
    subprocess.run([*words, "-keyout", str(key), "-out", str(request)], check=True, capture_output=True)
    good("key", "sign", request, "union:t-own", "--ca", home.ca, "--out", certificate)
    home.good("participant", "add", "union:t-own", "--name", "测试工会", "--certificate", certificate)
    rows = {row["what"]: row for row in json.loads(home.run("participant", "check", "union:t-own", "--json").stdout)}
    assert rows["certificate"]["ok"]
    assert not rows["endpoint"]["ok"], "no system is set for it yet, and the check says so"


def test_a_new_entry_stands_above_the_old_one(home: Home) -> None:
    """Registering again raises the serial, keeps what is not given, and can revoke."""
    home.good("key", "new", "union:t-twice", "--ca", home.ca)
    home.good("participant", "add", "union:t-twice", "--name", "测试工会二")
    home.good("participant", "add", "union:t-twice", "--revoked")
    row = next(row for row in home.listed("participant", "list") if row["subject"] == "union:t-twice")
    assert (row["serial"], row["name"], row["revoked"]) == (2, "测试工会二", True)
    assert home.run("participant", "check", "union:t-twice").exit_code == 1


def test_the_registry_travels_as_a_file(home: Home, tmp_path: Path) -> None:
    """Another node takes every exported entry once; an entry that was touched is refused, since the registrar did not sign it."""
    file = tmp_path / "registry.jsonl"
    home.good("registry", "export", file)
    other = Home(home.folder, "other")
    good("key", "new", "node:other", "--ca", home.ca, "--config", other.config)
    other.good("migrate")
    assert other.good("registry", "import", file).stdout.split(" of ")[0] != "0"
    assert {row["subject"] for row in other.listed("participant", "list")} >= {"node:local"}
    assert other.good("registry", "import", file).stdout.startswith("0 of ")
    touched = tmp_path / "touched.jsonl"
    touched.write_text(file.read_text("utf-8").replace("<Serial>1</Serial>", "<Serial>9</Serial>"), "utf-8")
    refused = other.run("registry", "import", touched)
    assert isinstance(refused.exception, GatewayError)
    assert refused.exception.code.startswith("SIG-")


def test_tokens_are_shown_once_and_end_when_revoked(home: Home) -> None:
    """A new token is printed, only its digest is kept, and a revoked one is listed as such; a role that is none is refused."""
    made = home.listed("token", "new", "someone", "--role", "viewer")
    row = next(row for row in home.listed("token", "list") if row["name"] == "someone")
    assert made["token"].startswith("sct_")
    assert made["token"] not in json.dumps(row)
    assert row["state"] == "valid"
    home.good("token", "revoke", "someone")
    assert next(row for row in home.listed("token", "list") if row["name"] == "someone")["state"] == "revoked"
    assert isinstance(home.run("token", "new", "x", "--role", "emperor").exception, GatewayError)
    assert isinstance(home.run("token", "new", "x", "--role", "participant").exception, GatewayError)


def test_an_endpoint_changes_only_in_what_is_given(home: Home, tmp_path: Path) -> None:
    """A region's table is added and the secret, settings and address stay; pause and resume switch it; no listing shows the secret."""
    settings, secret, region = tmp_path / "s.json", tmp_path / "secret", tmp_path / "region.json"
    settings.write_text('{"credential": "T-1", "key_digest": "0"}')
    secret.write_text("T-1.verysecret")
    region.write_text('{"codes": {"disputeType": {"2025:205(6)": "NM0206"}}}')
    home.good("key", "new", "union:t-end", "--ca", home.ca)
    home.good("participant", "add", "union:t-end", "--name", "测试工会三")
    add = ("endpoint", "add", "union:t-end", "--profile", "union/rest")
    home.good(*add, "--url", "http://127.0.0.1:9", "--settings", settings, "--secret", secret)
    home.good(*add, "--region", region)
    home.good("endpoint", "pause", "union:t-end")
    row = next(row for row in home.listed("endpoint", "list") if row["participant"] == "union:t-end")
    assert row["url"] == "http://127.0.0.1:9"
    assert row["settings"]["credential"] == "T-1"
    assert row["settings"]["region"]["codes"]["disputeType"] == {"2025:205(6)": "NM0206"}
    assert (row["state"], row["secret"]) == ("paused", "set")
    home.good("endpoint", "resume", "union:t-end")
    assert home.run("endpoint", "test", "union:t-end").exit_code == 1, "nothing listens there"


def test_keys_rotate_and_are_never_overwritten(home: Home) -> None:
    """A second `new` for a subject is refused; `rotate` sets the old key aside and makes another."""
    home.good("key", "new", "union:t-turn", "--ca", home.ca)
    before = (home.keys / "union_t-turn.crt.pem").read_bytes()
    assert isinstance(home.run("key", "new", "union:t-turn", "--ca", home.ca).exception, GatewayError)
    home.good("key", "rotate", "union:t-turn", "--ca", home.ca)
    assert (home.keys / "union_t-turn.crt.pem").read_bytes() != before


def test_empty_listings_are_empty_lists(home: Home) -> None:
    """Failures and replays of a new node are JSON lists with nothing in them; what is not there ends with status 1."""
    assert home.listed("failures", "list") == []
    assert home.listed("replay", "status") == []
    assert home.run("failures", "show", "nosuch").exit_code == 1
    for words in (("replay", "status", "nosuch"), ("trace", "nosuch"), ("replay", "run", "nosuch")):
        assert isinstance(home.run(*words).exception, GatewayError)


def test_flows_and_schemas_are_sound() -> None:
    """`contracts check`, `contracts draw` and `schemas check` work on what the package carries, without a node."""
    assert listed("contracts", "check")["problems"] == []
    assert "stateDiagram-v2" in good("contracts", "draw", "designated-mediation").stdout
    assert listed("schemas", "check", "--count", "60")["ok"]


def test_sending_to_no_node_says_what_to_start(tmp_path: Path) -> None:
    """Where nothing listens, `send` ends with status 1 and names the command that starts a node."""
    file = tmp_path / "envelope.xml"
    file.write_text("<Envelope/>")
    result = run("send", file, "--url", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "gateway serve" in result.stderr
