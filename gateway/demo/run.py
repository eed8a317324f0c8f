"""Runs the demo: set up, tell, print the traces, stop; or leave it running until somebody ends it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from types import FrameType

from gateway.demo import show
from gateway.demo.federation import ALONE
from gateway.demo.stage import Stage
from gateway.demo.story import Story
from gateway.errors import GatewayError, SettingRefused


class Ended(Exception):
    """Somebody ends the demo by SIGTERM, which is no error."""


def run(*, kafka: bool, keep: bool, folder: Path | None) -> int:
    """The whole demo; returns 0 only when every step was verified. Raises `SettingRefused` for a folder that is in use."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        del os.environ[name]  # the demo's nodes have settings of their own, whatever node this machine runs
    place = _place(folder)
    before = signal.signal(signal.SIGTERM, _end)
    try:
        if kafka:
            from gateway.demo.kafka import on_kafka

            return on_kafka(place, lambda stage: _tell(stage, keep=keep))
        show.say(f"one node, embedded: SQLite, SQL bus; everything in {place}")
        return _tell(Stage(place, ALONE), keep=keep)
    except (KeyboardInterrupt, Ended):
        show.say("ended 已结束")
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def _tell(stage: Stage, *, keep: bool) -> int:
    with stage:
        began = time.monotonic()
        show.say(f"{len(stage.sites)} node(s) and 3 partner systems run as processes 节点与模拟系统已启动")
        status = verified(stage)
        if status == 0:
            show.heading(f"every step was verified in {time.monotonic() - began:.1f} s 全部步骤已验证")
        if keep:
            _keep(stage)
        return status


def verified(stage: Stage) -> int:
    """Tell the story and print the traces; 0 when every step held, else 1 with what did not and the ends of the logs."""
    story = Story(stage)
    try:
        story.tell()
        story.traces()
    except GatewayError as error:
        show.failed(f"{error.code} {error}")
        story.traces()
        for name, tail in stage.logs():
            show.lines(f"end of the log of {name}", tail)
        return 1
    return 0


def _keep(stage: Stage) -> None:
    """Print where everything is, and wait for Ctrl-C or SIGTERM."""
    show.heading("left running; Ctrl-C ends it 保持运行, 按 Ctrl-C 结束")
    for site in stage.sites:
        show.say(f"node {site.name}: {site.url}  settings {site.config}")
        for person, token in site.tokens.items():
            show.say(f"  token of {person}: {token}")
        for seat in site.seats:
            show.say(f"  {seat.participant} ({seat.profile}): {stage.system(seat).base}/_sim/state")
    show.say(f"clock 时钟: {stage.clock.path}")
    with contextlib.suppress(KeyboardInterrupt, Ended):
        while True:
            signal.pause()


def _place(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="gateway-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SettingRefused(f"--dir {folder}: is not empty; name an empty folder, or leave --dir out", code="NOD-061")
    return folder.absolute()


def _end(_number: int, _frame: FrameType | None) -> None:
    raise Ended
