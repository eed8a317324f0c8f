"""Two hundred disputes against a partner that is slow, down, wrong, refuses or answers twice: each message once, or a visible failure."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from gateway.flow.replay import Wish
from gateway.model.ledger import Endpoint
from tests.federation import COURT, ONE_NODE, STATION, Federation, federation
from tests.partner import Mode, Partner, connect, endpoint, partner
from tests.partner_systems import free_port
from tests.story import Case, new_case

SEED, DISPUTES = 20_260_302, 200
DESIGNATION, ACCEPT, ASSIGN, NOTICE = (
    f"mediation.{name}" for name in ("DesignationRequest", "DesignationAccept", "MediatorAssign", "Notification")
)
#: What befalls a call, as often as it stands here; `refused` and `wrong` are not retried by themselves.
FAULTS: tuple[Mode, ...] = ("well",) * 10 + ("slow", "down", "down", "lost", "duplicate", "refused", "wrong")


async def test_two_hundred_disputes_with_a_bad_partner(tmp_path: Path) -> None:
    """Every message of every dispute is at its system once or is a failure that an operator sees; order is kept in each lane.

    After the failures are replayed against a system that has come to its senses, everything is there, each once, in order.
    """
    chance = random.Random(SEED)
    async with federation(tmp_path, ONE_NODE) as made, partner(slow_s=0.05) as system:
        system.mode = _seeded(chance)
        services = made.node(STATION).services
        await connect(services, COURT, system.url)
        cases = [new_case(made) for _ in range(DISPUTES)]
        await asyncio.gather(*(_open(case) for case in cases))
        await made.run()
        for message_type in (ACCEPT, ASSIGN, NOTICE):
            await _until(made, lambda: _counted(made, cases), seconds=60)
            await asyncio.gather(*(_say(case, message_type) for case in cases))
        await _until(made, lambda: _settled(made), seconds=90)
        counts = await services.node.ledger.delivery_counts()
        failures = await _open_failures(made)
        assert counts.get((COURT, "failed"), 0) == len(failures) > 0
        assert set(Counter(code for code, _ in failures)) <= {"PAR-003", "DIA-001", "DIA-012", "PAR-004"}
        _once_and_in_order(system, cases)
        system.mode = lambda _message, _calls: "well"
        await _replay_until_none(made)
        _once_and_in_order(system, cases)
        for case in cases:
            assert system.order[case.conversation_id] == [case.sent[name] for name in (ACCEPT, ASSIGN, NOTICE)]


async def test_a_dead_partner_delays_nobody_else(tmp_path: Path) -> None:
    """Forty messages wait for a system that does not answer within its time; forty for one that does arrive meanwhile, all of them."""
    async with federation(tmp_path, ONE_NODE) as made, partner(slow_s=30.0) as dead, partner() as alive:
        dead.mode = lambda _message, _calls: "slow"
        services = made.node(STATION).services
        await connect(services, COURT, dead.url)
        await connect(services, STATION, alive.url)
        await made.run()
        cases = [new_case(made) for _ in range(40)]
        began = time.monotonic()
        await asyncio.gather(*(case.offer(DESIGNATION) for case in cases[:20]))
        await _until(made, lambda: _has(alive, 20), seconds=20)
        await asyncio.gather(*(case.offer(ACCEPT) for case in cases[:20]))
        await _until(made, lambda: _called(dead), seconds=20)
        await asyncio.gather(*(case.offer(DESIGNATION) for case in cases[20:]))
        await _until(made, lambda: _has(alive, 40), seconds=20)
        assert time.monotonic() - began < 30
        assert not dead.messages()


async def test_the_breaker_opens_and_closes(tmp_path: Path) -> None:
    """Five failures open it: no calls while it is open, and no attempts used; a minute later one call closes it, and all arrive."""
    async with federation(tmp_path, ONE_NODE) as made, partner() as system:
        system.mode = lambda _message, _calls: "down"
        services = made.node(STATION).services
        await connect(services, STATION, system.url)
        cases = [new_case(made) for _ in range(8)]
        for case in cases:
            await case.offer(DESIGNATION)
        await made.settle()
        row = await _endpoint(made, STATION)
        assert row.failures >= 5
        assert row.open_until_us > services.node.clock.now_us()
        before = sum(system.calls.values())
        made.tick(timedelta(seconds=20))
        await made.settle()
        assert sum(system.calls.values()) == before
        system.mode = lambda _message, _calls: "well"
        made.tick(timedelta(seconds=61))
        await made.settle()
        assert len(system.messages()) == 8
        row = await _endpoint(made, STATION)
        assert (row.failures, row.open_until_us) == (0, 0)


async def test_the_kill_switch_stops_calls_and_loses_nothing(tmp_path: Path) -> None:
    """A paused endpoint is not called; what came meanwhile arrives, in order, once it is on again."""
    async with federation(tmp_path, ONE_NODE) as made, partner() as system:
        services = made.node(STATION).services
        await connect(services, COURT, system.url)
        await services.keep("endpoint.pause", endpoint(COURT, system.url, paused=True))
        case = new_case(made)
        await case.send(DESIGNATION)
        for message_type in (ACCEPT, ASSIGN, NOTICE):
            assert (await case.offer(message_type)).refusal is None
            await made.settle()
        assert system.calls == {}
        await services.keep("endpoint.resume", endpoint(COURT, system.url))
        await made.settle()
        assert system.order[case.conversation_id] == [case.sent[name] for name in (ACCEPT, ASSIGN, NOTICE)]


async def test_sigterm_ends_a_node_between_two_answers(tmp_path: Path) -> None:
    """`gateway serve` with a call under way takes the partner's answer down before it ends, with exit status 0."""
    async with federation(tmp_path, ONE_NODE) as made, partner(slow_s=1.5) as system:
        system.mode = lambda _message, _calls: "slow"
        await connect(made.node(STATION).services, STATION, system.url)
        case = new_case(made)
        await case.offer(DESIGNATION)
        process = await _serve(tmp_path)
        try:
            await _until(made, lambda: _called(system), seconds=30)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
        finally:
            if process.returncode is None:
                process.kill()
        [message] = await made.node(COURT).services.node.ledger.messages_of(case.conversation_id)
        assert message.word == "delivered"
        assert list(system.effects.values()) == [1]


async def _serve(folder: Path) -> asyncio.subprocess.Process:
    """A real `gateway serve` over the federation's folder."""
    environment = {
        **os.environ, "GATEWAY_NODE": "local", "GATEWAY_DATA": str(folder / "local"), "GATEWAY_BUS": f"sqlite:///{folder / 'bus.sqlite'}",
        "GATEWAY_ANCHORS": str(folder / "anchor.pem"), "GATEWAY_REGISTRAR": str(folder / "registrar.pem"),
        "GATEWAY_CLOCK": f"file:{folder / 'clock'}", "GATEWAY_PORT": str(free_port()),
    }  # fmt: skip
    root = Path(__file__).resolve().parents[2]
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway", "serve", cwd=root, env=environment)


def _seeded(chance: random.Random) -> Callable[[str, int], Mode]:
    """Faults by chance, the same for a message and call in every run, whatever order the calls come in."""
    salt = chance.random()
    return lambda message, calls: random.Random(f"{salt}/{message}/{calls}").choice(FAULTS)


async def _open(case: Case) -> None:
    assert (await case.offer(DESIGNATION)).refusal is None


async def _say(case: Case, message_type: str) -> None:
    answer = await case.offer(message_type)
    assert answer.refusal is None, answer.refusal


async def _counted(made: Federation, cases: list[Case]) -> bool:
    """The keeper has numbered every message so far."""
    return all([(await case.process(COURT)).number == len(case.sent) for case in cases])


async def _settled(made: Federation) -> bool:
    """Nothing is due or under way to the court's system: delivered, failed, or behind a failed one of its lane."""
    made.tick(timedelta(seconds=5))
    ledger = made.node(COURT).services.node.ledger
    row = await _endpoint(made, COURT)
    if row.open_until_us > made.node(COURT).services.node.clock.now_us():
        made.tick(timedelta(seconds=60))
    counts = await ledger.delivery_counts()
    if counts.get((COURT, "leased")):
        return False
    lanes = [await ledger.lane(COURT, message) for message in await _conversations(made)]
    return all(not lane or lane[0].state == "failed" for lane in lanes)


async def _conversations(made: Federation) -> set[str]:
    failures = made.node(COURT).services.node.ledger
    return {delivery.conversation_id for delivery in await failures.waiting_for(COURT, 10_000)}


async def _open_failures(made: Federation) -> list[tuple[str, str]]:
    """(code, message id) of every failed delivery that an operator sees."""
    ledger = made.node(COURT).services.node.ledger
    found = []
    for group in await ledger.failure_groups(stage="deliver", open_only=True):
        found += [
            (one.code, one.message_id)
            for one in await ledger.failures_in(group.fingerprint, limit=1000)
            if one.state == "failed"
        ]
    return found


async def _replay_until_none(made: Federation) -> None:
    """Plan each group, have it approved by another, run it; what was held behind a failure goes on by itself."""
    services = made.node(COURT).services
    for group in await services.node.ledger.failure_groups(stage="deliver", open_only=True):
        plan = await services.plan_group(
            Wish(fingerprint=group.fingerprint, reason="the system is well again", actor="one")
        )
        if plan.needs_second:
            await services.approve(plan.replay_id, actor="another")
        assert (await services.run(plan.replay_id)).state == "done"
    await _until(made, lambda: _empty(made), seconds=60)


async def _empty(made: Federation) -> bool:
    counts = await made.node(COURT).services.node.ledger.delivery_counts()
    return {state for (who, state), _ in counts.items() if who == COURT} == {"delivered"}


def _once_and_in_order(system: Partner, cases: list[Case]) -> None:
    """No message has two effects, and none came before an earlier one of its dispute."""
    for case in cases:
        order = system.order.get(case.conversation_id, [])
        assert order == [case.sent[name] for name in (ACCEPT, ASSIGN, NOTICE)][: len(order)]


async def _has(system: Partner, count: int) -> bool:
    return len(system.messages()) == count


async def _called(system: Partner) -> bool:
    return bool(system.calls)


async def _endpoint(made: Federation, participant: str) -> Endpoint:
    row = await made.node(participant).services.node.ledger.endpoint(participant)
    assert row is not None
    return row


async def _until(made: Federation, holds: Callable[[], object], *, seconds: float) -> None:
    """Wait for a condition; a worker that broke is told at once."""
    until = time.monotonic() + seconds
    while not await holds():  # type: ignore[misc]  # an awaitable of bool
        for _, task in made.running.values():
            if task.done():
                task.result()
        assert time.monotonic() < until, "it did not come to that"
        await asyncio.sleep(0.05)
