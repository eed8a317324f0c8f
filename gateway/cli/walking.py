"""What `gateway contracts walk` shows and asks."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from gateway.cli.output import done
from gateway.contract.calendar import BEIJING, load_calendar
from gateway.contract.terms import FlowContract
from gateway.contract.walk import Choice, Walk, choices

#: A wait of ten thousand days is a slip of the keys.
_DIGITS = 4
_HELP = "number: send · +N: N days pass · b: back 后退 · q: quit 结束"


def states(contract: FlowContract) -> list[dict[str, Any]]:
    """Each state with its turn, clocks and choices, as data."""
    return [
        {
            "state": state.id,
            "title": state.title,
            "turn": state.turn,
            "final": state.final,
            "clocks": {timer: state.expires[timer] for timer in state.timers},
            "next": [{**asdict(one), "when": dict(one.when)} for one in choices(contract, state.id)],
        }
        for state in contract.states.values()
    ]


def stroll(contract: FlowContract, *, folder: Path, start: str) -> None:
    """Show and ask until the process is left; standard input may be a file of answers."""
    table, begun = load_calendar(folder / "calendars"), _begin(start)
    answers: list[str] = []
    walk = Walk(contract, calendar=table, now=begun)
    done(f"{contract.title} {contract.title_en} ({contract.flow} {contract.version}) — {_HELP}")
    while True:
        options = walk.next()
        _show(walk, options)
        try:
            answer = input("> ").strip()
        except EOFError:
            return
        if answer == "q":
            return
        if answer == "b":
            answers = answers[:-1]
            walk = Walk(contract, calendar=table, now=begun)
            for one in answers:
                _answer(walk, one, walk.next())
        elif _answer(walk, answer, options):
            answers.append(answer)
        else:
            done(f"? {_HELP}")


def _answer(walk: Walk, answer: str, options: tuple[Choice, ...]) -> bool:
    """Do what was typed; False for what is no answer."""
    number = answer.removeprefix("+")
    if not number.isascii() or not number.isdigit() or len(number) > _DIGITS:
        return False
    if answer.startswith("+"):
        for timer in walk.wait(int(number)):
            clock = walk.contract.timers[timer]
            done(f"  fired 届满: {timer} {clock.expiry_zh} · {clock.expiry_en} [{clock.source}]")
        return True
    if not 1 <= int(number) <= len(options):
        return False
    walk.take(options[int(number) - 1])
    return True


def _show(walk: Walk, options: tuple[Choice, ...]) -> None:
    state = walk.state
    end = "  (may rest here 可终结)" if state.final else ""
    done(f"\n{walk.now:%Y-%m-%d %H:%M}  {state.title} {state.id}  turn 应由: {state.turn or '—'}{end}")
    for timer in walk.clocks:
        clock = walk.contract.timers[timer.timer]
        item = f" #{timer.item}" if timer.item else ""
        still = " paused 中止" if timer.state == "paused" else ""
        done(f"  {timer.timer}{item}{still} until 至 {timer.due:%Y-%m-%d}: {clock.zh} · {clock.en} [{clock.source}]")
    for index, one in enumerate(options, 1):
        said = "".join(f" [{path}={value}]" for path, value in one.when.items())
        needs = f"  needs 须附 {', '.join((*one.documents, *one.requires))}" if one.documents or one.requires else ""
        done(f"  {index:2} {one.sender} → {one.receiver}: {one.title} {one.message_type}{said} → {one.to}{needs}")
    if not options:
        done("  nothing more can come 流程已终结")


def _begin(text: str) -> datetime:
    try:
        given = datetime.fromisoformat(text) if text else datetime.now(BEIJING)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; write 2026-03-02") from None
    return given if given.tzinfo else given.replace(hour=10, tzinfo=BEIJING)
