"""The load generator, a process of its own: posts signed envelopes, so many in flight, and says how long each took.

`python -m gateway.demo.bench_load ENVELOPES PORT --skip N --count N --in-flight N --seconds N [--ledger CONFIG]`. With `--ledger`, the
gateway.toml of the sender's node, a message is done when its `delivered` receipt is in that node's ledger, not when it was accepted:
`delivered` is not carried to the sender's system, so that the ledger is asked every few milliseconds.
`python -m gateway.demo.bench_load --partner PORT` is the partner system that takes everything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy import bindparam, text

from gateway.demo import bench_envelopes
from gateway.demo.bench_http import Caller, Taker, post
from gateway.demo.bench_nodes import SENDER
from gateway.ledger.database import Database
from gateway.settings import load as load_settings

_ID = re.compile(rb"<MessageId>([^<]+)<")
_ACCEPTED = 202
#: How long a message may take to its end, and the pause between looks for it, seconds.
_PATIENCE_S, _LOOK_S = 60.0, 0.005


class Load:
    """One run: who is under way, how long each took, what was answered."""

    def __init__(self, envelopes: list[bytes], *, seconds: float, awaited: bool) -> None:
        """`awaited`: a message ends with its `delivered` receipt."""
        self._waiting: Iterator[bytes] = iter(envelopes)
        self._seconds, self._awaited = seconds, awaited
        self._under_way: dict[bytes, asyncio.Future[None]] = {}
        self.took_s: list[float] = []
        self.answers: Counter[str] = Counter()
        self.spent_s = 0.0
        self._port = 0

    async def run(self, port: int, in_flight: int) -> None:
        """Until the envelopes or the seconds are over."""
        self._port = port
        callers = [await self._connected() for _ in range(in_flight)]
        began = time.perf_counter()
        await asyncio.gather(*(self._work(caller, began + self._seconds) for caller in callers))
        self.spent_s = time.perf_counter() - began

    async def _connected(self) -> Caller:
        return (await asyncio.get_running_loop().create_connection(Caller, "127.0.0.1", self._port))[1]

    async def _work(self, caller: Caller, end: float) -> None:
        for raw in self._waiting:
            if caller.closed:  # a server lets an idle connection go
                caller = await self._connected()
            began = time.perf_counter()
            await self._one(caller, raw)
            self.took_s.append(time.perf_counter() - began)
            if time.perf_counter() > end:
                return

    async def _one(self, caller: Caller, raw: bytes) -> None:
        message_id = found[1] if (found := _ID.search(raw)) else b""
        delivered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._under_way[message_id] = delivered
        status, _ = await caller.call(post("/v1/messages", raw))
        self.answers[str(status)] += 1
        try:
            if self._awaited and status == _ACCEPTED:
                await asyncio.wait_for(delivered, _PATIENCE_S)
        except TimeoutError:
            self.answers["never delivered"] += 1
        finally:
            del self._under_way[message_id]

    async def watch(self, database: Database) -> None:
        """Look for `delivered` receipts of what is under way, until cancelled."""
        query = text(
            "SELECT message_id FROM receipts WHERE sender = :sender AND kind = 'delivered' AND message_id IN :ids"
        )
        query = query.bindparams(bindparam("ids", expanding=True))
        while True:
            await asyncio.sleep(_LOOK_S)
            if self._under_way:
                ids = [name.decode() for name in self._under_way]
                async with database.reading() as session:
                    rows = await session.read(query.bindparams(sender=SENDER.participant, ids=ids))
                for (message_id,) in rows:
                    delivered = self._under_way.get(message_id.encode())
                    if delivered is not None and not delivered.done():
                        delivered.set_result(None)


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of all do not pass (nearest rank); 0 where there is none."""
    return sorted(values)[max(0, -int(-len(values) * share // 1) - 1)] if values else 0.0


async def _load(options: argparse.Namespace) -> None:
    envelopes = list(islice(bench_envelopes.read(options.envelopes), options.skip, options.skip + options.count))
    before_s = time.process_time()
    load = Load(envelopes, seconds=options.seconds, awaited=options.ledger is not None)
    if options.ledger is None:
        await load.run(options.port, options.in_flight)
    else:
        database = Database(load_settings(options.ledger).database_url)
        await database.open()
        watching = asyncio.create_task(load.watch(database))
        running = asyncio.create_task(load.run(options.port, options.in_flight))
        await asyncio.wait([watching, running], return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        if not running.done():  # the ledger cannot be asked: its error is the answer
            await watching
        await running
        await database.close()
    figures = {
        "messages": len(load.took_s),
        "seconds": load.spent_s,
        "answers": dict(load.answers),
        "cpu_s": time.process_time() - before_s,
        **{f"p{share}_ms": percentile(load.took_s, share / 100) * 1e3 for share in (50, 95, 99)},
    }
    print(json.dumps(figures), flush=True)


async def _partner(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Taker, "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Read the arguments and run."""
    import uvloop

    parser = argparse.ArgumentParser()
    parser.add_argument("envelopes", type=Path, nargs="?")
    parser.add_argument("port", type=int, nargs="?")
    parser.add_argument("--partner", type=int, default=0)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--in-flight", type=int, default=32)
    for name in ("--skip", "--count", "--seconds"):
        parser.add_argument(name, type=int, default=0)
    options = parser.parse_args()
    uvloop.run(_partner(options.partner) if options.partner else _load(options))


if __name__ == "__main__":
    main()
