"""What the ledger answers, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.errors import NodeError, SettingRefused
from gateway.ledger.ledger import Ledger
from gateway.ledger.messages import Search
from gateway.ledger.migrate import migrate
from gateway.ledger.view import moment
from gateway.model.envelope import Header
from gateway.model.ledger import AttachmentRow, AttachmentUse, Claim, Reference, RegistryRow, Role, Survey, TokenRow
from tests import ledger_rows as a
from tests import ledger_work as w


@pytest.fixture
async def ledger(fresh_database: str) -> AsyncIterator[Ledger]:
    """An open ledger with its tables."""
    await migrate(fresh_database)
    made = Ledger(fresh_database)
    await made.open()
    yield made
    await made.close()


async def test_the_outbox_gives_the_first_row_of_each_conversation(ledger: Ledger) -> None:
    """By seq and part within (destination, conversation), whatever the order of writing.

    The next row comes after it is published.
    """
    rows = [
        a.outbox(1, 3, at_us=1), a.outbox(1, 2, part="message", at_us=5), a.outbox(1, 2, part="accepted/x", at_us=6),
        a.outbox(2, 9, at_us=2), a.outbox(1, 3, destination="node:other", at_us=7),
    ]  # fmt: skip
    await ledger.commit(a.rows(*rows))

    assert await ledger.outbox_first(10) == [rows[3], rows[2], rows[4]]
    assert await ledger.outbox_first(10, before_us=6) == [rows[3]]
    assert await ledger.outbox_before("node:union", a.conversation_id(1), 3) is True
    assert await ledger.outbox_before("node:union", a.conversation_id(1), 2) is False
    await ledger.outbox_delete([("node:union", a.conversation_id(1), 2, "accepted/x")])
    assert await ledger.outbox_first(10) == [rows[3], rows[1], rows[4]]
    assert await ledger.outbox_size() == 4


async def test_search_finds_by_every_criterion_and_pages_without_gaps(ledger: Ledger) -> None:
    """Each criterion narrows; pages by keyset are disjoint and whole, newest first; bytes are not handed out."""
    await ledger.commit(
        a.rows(*(a.message(n, accepted_us=a.NOW_US + n // 3) for n in range(20)), a.process(4, state="returned"))
    )
    await ledger.commit(
        a.rows(a.message(30, word="delivered", sender=a.UNION, receiver=a.COURT, message_type="mediation.Progress"))
    )
    number = Reference(
        participant=a.COURT,
        kind="court-case",
        number_key="2026内0102民诉前调595号",
        conversation_id=a.conversation_id(5),
        process_id=a.process_id(5),
        original="（2026）内0102民诉前调595号",
    )
    await ledger.commit(a.rows(number))

    async def ids(**wanted: object) -> list[str]:
        return [one.message_id for one in await ledger.search(Search(**wanted))]  # type: ignore[arg-type]  # test shorthand

    assert await ids(word="delivered") == await ids(message_type="mediation.Progress") == [a.message_id(30)]
    assert await ids(process_state="returned") == [a.message_id(4)]
    assert await ids(number_key=number.number_key) == [a.message_id(5)]
    assert len(await ids(participant=a.UNION)) == 21
    assert await ids(from_us=a.NOW_US + 1, to_us=a.NOW_US + 2) == [a.message_id(n) for n in (5, 4, 3)]
    pages: list[str] = []
    after = None
    while page := await ledger.search(Search(after=after, limit=4)):
        pages += [one.message_id for one in page]
        after = (page[-1].accepted_us, page[-1].message_id)
        assert all(one.raw == b"" for one in page)
    assert pages == await ids()
    assert len(set(pages)) == 21


async def _plain(ledger: Ledger, header: Header, claim: Claim | None) -> Survey:
    conversation = await ledger.conversation(header.conversation_id)
    known = {
        one
        for one in (header.ref_to, header.supersedes)
        if one and (await ledger.find_message(one) or await ledger.step(a.UNION, one))
    }
    return Survey(
        claim=claim,
        receipts=tuple(await ledger.receipts(header.sender, header.message_id)),
        conversation=conversation or replace(a.conversation(0, 0), conversation_id=header.conversation_id, head=""),
        process=await ledger.process_view(header.process_id),
        known=frozenset(known),
        parked=len(await ledger.parked_of(header.conversation_id, header.sender)),
        waiting=len(await ledger.parked_in(header.conversation_id)),
    )


async def test_a_survey_says_what_plain_reads_say(ledger: Ledger) -> None:
    """30 surveys at once share their statements, and each equals what single reads find.

    New, known, parked, expired, gapped.
    """
    for n in range(0, 30, 2):
        await ledger.commit(a.accepted(n))
    expired = json.dumps(["T-ACC", "designated", 3])
    await ledger.commit(
        a.rows(
            a.process(2, number=2, state="returned", expired=expired),
            w.deadline(2, provisional=True),
            w.deadline(2, "T-X", paused_us=7),
            a.step(2, message_id=a.message_id(102), number=2, sender=a.UNION, superseded_by="x"),
            a.step(2, message_id=a.message_id(104), number=4, sender=a.UNION),
            a.step(2, message_id=a.message_id(105), number=0),
            a.step(2, message_id=a.message_id(106), number=-1),
            w.parked(1),
            w.parked(201, conversation_id=a.conversation_id(1)),
            a.receipt(4, kind="received", stored_us=a.NOW_US + 1),
        )
    )
    changes: dict[int, dict[str, str]] = {
        6: {"ref_to": a.message_id(4)},
        7: {"ref_to": "absent", "supersedes": a.message_id(102)},
    }
    headers = [a.header(n, **changes.get(n, {})) for n in range(30)]

    surveys = await asyncio.gather(*(ledger.survey("submit", header) for header in headers))

    for n, (header, survey) in enumerate(zip(headers, surveys, strict=True)):
        assert survey == await _plain(ledger, header, None if n % 2 else a.claim(n)), n
    view = surveys[2].process
    assert view is not None
    assert [step.number for step in view.steps] == [1, 2, 0]
    assert (view.expired, view.roles) == (("T-ACC", "designated", 3), {"court": a.COURT, "mediator": a.UNION})
    assert [timer.due for timer in view.timers] == [moment(a.NOW_US + 2)] * 2
    assert [surveys[1].parked, *surveys[6].known, *surveys[7].known] == [2, a.message_id(4), a.message_id(102)]
    assert (await ledger.survey("receive", headers[2])).claim is None


async def test_numbers_resolve_and_come_back_as_written(ledger: Ledger) -> None:
    """The first meaning of a number stands; a system gets its own numbers back, those of the process before others."""

    def number(participant: str, kind: str, key: str, *, process: int = 1) -> Reference:
        return Reference(
            participant=participant,
            kind=kind,
            number_key=key,
            conversation_id=a.conversation_id(1),
            process_id=a.process_id(process),
            original=f"（{key}）",
        )

    rows = [
        number(a.COURT, "case", "1"),
        number(a.UNION, "case", "1"),
        number(a.COURT, "case", "2", process=2),
        number(a.COURT, "task", "3"),
    ]
    await ledger.commit(a.rows(*rows))
    await ledger.commit(a.rows(replace(rows[0], process_id="other")))

    assert await ledger.resolve(a.COURT, "case", "1") == rows[0]
    assert await ledger.resolve(a.COURT, "case", "9") is None
    assert await ledger.resolve_any("1") == [rows[0], rows[1]]
    assert await ledger.numbers(a.COURT, conversation_id=a.conversation_id(1), process_id=a.process_id(2)) == {
        "case": "（2）",
        "task": "（3）",
    }


async def test_failures_group_by_cause(ledger: Ledger) -> None:
    """A group has its cause, its size, how much of it is open, and its newest member; pages of members are in order."""
    await ledger.commit(
        a.rows(
            *(w.failure(n) for n in range(1, 6)),
            w.failure(6, state="resolved"),
            w.failure(7, fingerprint="e", code="X", stage="receive"),
        )
    )
    await ledger.commit(a.rows(w.failure(8, fingerprint="d", state="abandoned", expires_us=5)))
    groups = await ledger.failure_groups()

    assert [(one.fingerprint, one.count, one.open) for one in groups] == [("d", 1, 0), ("e", 1, 1), ("f" * 32, 6, 5)]
    assert (groups[2].example_id, groups[2].first_us, groups[2].last_us) == (
        w.failure(6).failure_id,
        a.NOW_US,
        a.NOW_US + 6,
    )
    assert [one.fingerprint for one in await ledger.failure_groups(open_only=True)] == ["e", "f" * 32]
    assert [one.fingerprint for one in await ledger.failure_groups(stage="receive")] == ["e"]
    page = await ledger.failures_in("f" * 32, limit=4)
    rest = await ledger.failures_in("f" * 32, after=page[-1].failure_id, limit=4)
    assert page + rest == [*(w.failure(n) for n in range(1, 6)), w.failure(6, state="resolved")]
    assert await ledger.prune(5, 10) == 1
    assert await ledger.failure(w.failure(8).failure_id) is None


async def test_the_watch_sees_what_is_due(ledger: Ledger) -> None:
    """Armed timers kept here by due time; messages whose receipt is overdue; parked records by their next try."""
    await ledger.commit(
        a.rows(
            *(w.deadline(n) for n in (3, 1, 2)),
            w.deadline(1, "T-OFF", state="stopped"),
            w.deadline(1, "T-SHOW", kept=False),
        )
    )
    await ledger.commit(
        a.rows(
            a.message(1, ask_us=20),
            a.message(2, ask_us=10),
            a.message(3),
            a.message(4, ask_us=30),
            w.parked(1),
            w.parked(2),
        )
    )

    assert await ledger.deadlines_due(a.NOW_US + 2, 10) == [w.deadline(1), w.deadline(2)]
    assert len(await ledger.deadlines(conversation_id=a.conversation_id(1))) == 3
    assert len(await ledger.deadlines(state="armed", before_us=a.NOW_US + 2)) == 2
    assert [one.message_id for one in await ledger.unanswered(20, 10)] == [a.message_id(2), a.message_id(1)]
    assert await ledger.parked_due(a.NOW_US + 1, 10) == [w.parked(1)]
    assert await ledger.parked_for(w.parked(2).wait_for) == [w.parked(2)]


async def test_what_the_node_knows_by_name(ledger: Ledger) -> None:
    """The newest registry entry of a subject; tokens by digest; which bytes a message still waits for."""
    entries = [
        RegistryRow(subject=s, serial=n, xml=f"{s}{n}".encode(), learned_us=n)
        for s, n in (("b", 1), ("a", 2), ("a", 10), ("a", 9))
    ]
    token = TokenRow(digest="d", name="n", role="viewer", participant="", created_us=1, expires_us=2, revoked_us=None)
    uses = [AttachmentUse(sha256=x * 64, sender=a.COURT, message_id=a.message_id(1)) for x in "abc"]
    await ledger.commit(a.rows(*entries, token, *uses, Role(process_id="p", role="r", participant="x")))
    await ledger.commit(
        a.rows(
            AttachmentRow(sha256="a" * 64, size=1, complete=True, at_us=1),
            AttachmentRow(sha256="b" * 64, size=1, complete=False, at_us=1),
        )
    )
    await ledger.commit(a.rows(replace(token, revoked_us=5)))

    assert await ledger.registry_rows() == [entries[2], entries[0]]
    assert await ledger.token("d") == replace(token, revoked_us=5)
    assert await ledger.tokens() == [replace(token, revoked_us=5)]
    assert await ledger.incomplete(a.COURT, a.message_id(1)) == ["b" * 64, "c" * 64]
    assert await ledger.uses("a" * 64) == [uses[0]]


async def test_a_ledger_without_tables_or_out_of_place_says_so(fresh_database: str) -> None:
    """No tables, not open, in memory, or a database that is neither: a clear error of ours, with no driver's text."""
    empty = Ledger(fresh_database)
    with pytest.raises(NodeError, match="not open"):
        await empty.ping()
    await empty.open()
    with pytest.raises(NodeError, match="read"):
        await empty.ping()
    await empty.close()
    for url in ("sqlite://", "mysql://x/y", "nonsense"):
        with pytest.raises(SettingRefused):
            Ledger(url)
