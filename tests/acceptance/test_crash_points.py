"""kill -9 at every commit, publication, settlement and partner answer of a conversation: nothing is lost, nothing is doubled.

The points are enumerated from a run without a crash, not sampled; each is then passed by a node's process that ends itself there.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.evidence import chain
from tests.acceptance.crash_stage import PAST, PLACEMENT, SYSTEMS, Launcher, Prepared, Stage, launcher, prepare, stage

#: Points that every run passes, at the node where they matter: the enumeration is no accident of one run.
EXPECTED = {
    "court": {"submit.accept", "bus:relay.publish", "relay.published", "receive.take", "receive.refuse", "hear.receipt",
              "bus:receive.inbox", "deliver.claim", "partner.answer", "deliver.done", "watch.fire"},
    "union": {"submit.accept", "bus:relay.publish", "relay.published", "receive.take", "hear.receipt", "bus:receive.inbox", "deliver.claim",
              "partner.answer", "deliver.done", "deliver.failed", "replay.plan", "replay.running", "replay.schedule", "replay.done"},
}  # fmt: skip
#: Stages under way at once; most of their time they wait.
AT_ONCE = 4
END = {"accepted": "accepted", "silent": "returned", "replayed": "returned", "crossed": "closed"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_a_kill_at_any_point_loses_and_doubles_nothing(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Every accepted message ends with one effect at its addressee's system, or as a refusal that its sender's system has."""
    account = request.getfixturevalue("postgres_url") if database == "postgresql" else ""
    prepared = await prepare(tmp_path / "prepared", account)
    async with launcher() as started:
        points = await _enumerate(prepared, tmp_path, started)
        assert all(names <= {name for node, name, _ in points if node == where} for where, names in EXPECTED.items())
        room, missed = asyncio.Semaphore(AT_ONCE), list[str]()

        async def one(number: int, point: tuple[str, str, str]) -> None:
            async with room:
                if not await _crash(prepared, tmp_path / f"p{number}", started, point):
                    missed.append(" ".join(point))

        ended = await asyncio.gather(
            *(one(number, point) for number, point in enumerate(points)), return_exceptions=True
        )
        for error in filter(None, ended):
            raise error
        assert missed == []


async def _enumerate(prepared: Prepared, folder: Path, started: Launcher) -> list[tuple[str, str, str]]:
    """(node, name, before or after) of every point that the conversation passes."""
    async with stage(prepared, folder / "whole", started) as made:
        for node in PLACEMENT:
            await made.start(node)
        await _converse(made)
        await _judge(made)
        assert made.ended == {"court": [], "union": []}
        passed = {
            (node, *line.split())
            for node in PLACEMENT
            for line in (made.folder / f"{node}.points").read_text().splitlines()
        }
        return sorted((node, name, when) for node, name, when in passed)


async def _crash(prepared: Prepared, folder: Path, started: Launcher, point: tuple[str, str, str]) -> bool:
    """One run with one kill; True where the point was passed."""
    node, name, when = point
    async with stage(prepared, folder, started) as made:
        for other in PLACEMENT:
            await made.start(other, [name, when, 1] if other == node else None)
        try:
            await _converse(made)
            await _judge(made)
        except AssertionError as error:
            error.add_note(f"killed at {point}: {made.ended}")
            raise
        assert {status for ended in made.ended.values() for status in ended} <= {-signal.SIGKILL}, (point, made.ended)
        return made.ended[node] == [-signal.SIGKILL]


async def _converse(made: Stage) -> None:
    """Everything that people and systems do, each asking again until it is answered."""
    await asyncio.gather(*(made.submit("court", name) for name in ("accepted", "silent", "replayed")))
    await made.wait(lambda: _replayed(made))
    await made.wait(lambda: _designated(made))
    await made.submit("union", "acceptance")
    await made.wait(lambda: _at_rest(made))
    made.until(PAST)
    await made.wait(lambda: _ended(made))
    await made.wait(lambda: _at_rest(made))


async def _designated(made: Stage) -> bool:
    """The station's system has the designation that it is going to accept: it answers nothing that it has not seen."""
    return made.prepared.answered in made.systems["union"].messages()


async def _replayed(made: Stage) -> bool:
    """An operator plans and runs a replay of whatever failed, until the station's system has the message."""
    if made.prepared.refused in made.systems["union"].messages():
        return True
    status, body = await made.post("union", "/v1/failures?stage=deliver&open=true")
    for group in orjson.loads(body) if status == 200 else []:
        status, body = await made.post(
            "union", "/v1/replays", body={"fingerprint": group["fingerprint"], "reason": "mended"}
        )
        if status == 201:
            await made.post("union", f"/v1/replays/{orjson.loads(body)['replay_id']}/run", body={})
    return False


async def _ended(made: Stage) -> bool:
    """Both nodes hold every process in its last state."""
    for name, (_, process_id) in made.prepared.processes.items():
        for ledger in made.ledgers.values():
            process = await ledger.process(process_id)
            if process is None or process.state != END[name]:
                return False
    return True


async def _at_rest(made: Stage) -> bool:
    """Nothing waits for the bus or for a partner, and every message has its last word at its sender's node."""
    for node, ledger in made.ledgers.items():
        counts = await ledger.delivery_counts()
        if await ledger.outbox_size() or {state for _, state in counts} - {"delivered"}:
            return False
        for conversation, _ in made.prepared.processes.values():
            for message in await ledger.messages_of(conversation):
                ours = message.sender in (SYSTEMS[node], f"node:{node}")
                if ours and message.word not in ("delivered", "refused", "retrieved"):
                    return False
    return True


async def _judge(made: Stage) -> None:
    """One effect for each message and addressee, one step for each number, chains that hold, no failure left open but the refusal."""
    for name in made.prepared.processes:
        await _judge_process(made, name)
    for node, system in made.systems.items():
        ledger, due = made.ledgers[node], set[tuple[str, str]]()
        for conversation, _ in made.prepared.processes.values():
            for message in await ledger.messages_of(conversation):
                if await _went_out(ledger, message, node):
                    due.add((message.message_id, "message"))
        # How often it was called is not judged: a call whose outcome the dead process alone knew is made again, as `repeat: safe` says.
        refused = {(message, kind) for message, kind in system.effects if kind != "message"}
        assert set(system.effects) == due | refused, node
    assert [kind for _, kind in made.systems["union"].effects if kind != "message"] == ["refused"]
    groups = [group for ledger in made.ledgers.values() for group in await ledger.failure_groups(open_only=True)]
    assert [(group.stage, group.code) for group in groups] == [("receive", "FLW-101")]


async def _judge_process(made: Stage, name: str) -> None:
    """Both nodes hold the same steps, numbered without a gap; a silent body's term ended once; facts are chained and not doubled."""
    conversation, process_id = made.prepared.processes[name]
    steps = [await ledger.steps_of(process_id) for ledger in made.ledgers.values()]
    counted = [[(one.number, one.message_id, one.state) for one in ends if one.number > 0] for ends in steps]
    assert counted[0] == counted[1], name
    assert [number for number, *_ in counted[0]] == list(range(1, len(counted[0]) + 1)), name
    told = [m.raw for m in await made.ledgers["court"].messages_of(conversation) if m.sender.startswith("node:")]
    assert sum(b">T-ACC<" in raw for raw in told) == (END[name] == "returned"), name
    for node, ledger in made.ledgers.items():
        facts = await ledger.facts(conversation)
        assert chain.broken(facts) is None, name
        told_of = Counter((f.kind, f.message_id) for f in facts if f.kind in ("accepted", "received", "delivered"))
        # Twice: an expiry is delivered to its addressee and to the keeper.
        assert set(told_of.values()) <= {1, 2}, (node, name, told_of)


async def _went_out(ledger: Any, message: Any, node: str) -> bool:
    found = await ledger.deliveries_of(message.sender, message.message_id)
    return any(
        (one.endpoint, one.part) == (SYSTEMS[node], "message") and one.created_us >= 0 and one.outcome != "{}"
        for one in found
    )
