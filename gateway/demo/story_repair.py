"""Five designations fail for one cause; the table is mended, the difference shown, a second operator approves, the replay delivers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from typing import Any

import orjson

from gateway.demo import show, witness
from gateway.demo.federation import COURT, STATION
from gateway.demo.stage import Site, Stage
from gateway.errors import NodeError

_COUNT = 5
#: 经济补偿金纠纷: a cause that the station's system numbers otherwise than the profile does.
_NATIVE_CAUSE, _CAUSE, _OWN = "9137", "2025:205(6)", "NM0206"


def repair(stage: Stage) -> list[str]:
    """The whole chapter; returns the conversations. Raises `NodeError` where a step is not as it should be."""
    show.heading(f"4 · {_COUNT} designations fail for one cause, are mended and replayed 同因失败, 修复并重放")
    site = stage.site_of(STATION)
    taken = len(witness.effects(stage.system(STATION), "mediation.DesignationRequest"))
    messages = _designate(stage)
    group = _one_group(site)
    _mend(stage, site)
    plan = _plan(site, group)
    _approve(site, plan)
    _run(site, plan)
    _delivered(stage, site, messages=messages, taken=taken)
    return [conversation for _, conversation in messages]


def _designate(stage: Stage) -> list[tuple[str, str]]:
    """(message, conversation) of each."""
    made = []
    for _ in range(_COUNT):
        done = witness.act(stage.system(COURT), "designate", cause=_NATIVE_CAUSE)
        data = orjson.loads(done["answer"])["data"]
        made.append((data["XXBH"], data["GLBH"]))
    show.verified(f"court designates {_COUNT} more, all accepted 法院再委派{_COUNT}件, 均已受理")
    return made


def _one_group(site: Site) -> dict[str, Any]:
    """All failures stand in one group of the station's node."""
    node = site.caller("operator-one")

    def look() -> list[dict[str, Any]]:
        groups = node.get("/v1/failures?stage=deliver&open=true")
        return groups if sum(group["open"] for group in groups) >= _COUNT else []

    groups = witness.until(f"{_COUNT} deliveries fail", look)
    witness.expect(f"the {_COUNT} failures form one group", len(groups) == 1 and groups[0]["count"] == _COUNT, groups)
    group: dict[str, Any] = groups[0]
    member = node.get(f"/v1/failures/{group['fingerprint']}?limit=1")[0]
    show.verified(
        f"{_COUNT} failures, one group {group['fingerprint']}: {group['code']} at {group['stage']} 同一原因归为一组"
    )
    show.lines("the station's system says 对方系统答复", [json.dumps(member["detail"], ensure_ascii=False)[:200]])
    return group


def _mend(stage: Stage, site: Site) -> None:
    """The region's table gets the entry that it lacks, by the command that an operator would type."""
    region = stage.folder / "region.json"
    region.write_text(json.dumps({"codes": {"disputeType": {_CAUSE: _OWN}}}), encoding="utf-8")
    command = ["endpoint", "add", STATION.participant, "--profile", STATION.profile, "--region", str(region)]
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *command, "--config", str(site.config)],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    if done.returncode:
        raise NodeError(f"gateway {' '.join(command)}: {done.stderr[-2000:]}", code="NOD-060")
    show.verified(
        f"the region's code table is mended: {_CAUSE} is {_OWN} 已补充地区代码表 (gateway endpoint add --region)"
    )


def _plan(site: Site, group: dict[str, Any]) -> dict[str, Any]:
    """The dry run shows what would be sent now against what was sent then."""
    wanted = {"fingerprint": group["fingerprint"], "reason": "地区代码表缺项, 已补充"}
    plan: dict[str, Any] = site.caller("operator-one").post("/v1/replays", wanted)
    shown = plan["plan"]["shown"]
    witness.expect(
        "the dry run finds every one changed", plan["total"] == plan["changed"] == _COUNT and plan["needs_second"], plan
    )
    difference = shown[0]["difference"]
    witness.expect(
        "the difference shows the new code",
        any(line.startswith("+") and _OWN in line for line in difference),
        difference,
    )
    show.verified("dry run: all changed, a second person is needed 试运行: 均有变化, 需第二人批准")
    show.lines("difference 差异", difference)
    return plan


def _approve(site: Site, plan: dict[str, Any]) -> None:
    """Who planned may neither approve nor run; another person approves."""
    path = f"/v1/replays/{plan['replay_id']}"
    alone = site.caller("operator-one").call("POST", f"{path}/approve")
    witness.expect("the one who planned may not approve", alone.status == 403, alone.body)  # noqa: PLR2004 - HTTP Forbidden
    early = site.caller("operator-one").call("POST", f"{path}/run")
    witness.expect("an unapproved plan does not run", early.status >= 400, early.body)  # noqa: PLR2004 - refused
    approved = site.caller("operator-two").post(f"{path}/approve")
    witness.expect("a second operator approves", approved["state"] == "approved", approved)
    show.verified(f"approved by {approved['approved_by']}, planned by {approved['planned_by']} 第二人已批准")


def _run(site: Site, plan: dict[str, Any]) -> None:
    done = site.caller("operator-one").post(f"/v1/replays/{plan['replay_id']}/run")
    witness.expect("the replay runs to its end", done["state"] == "done" and done["done"] == _COUNT, done)


def _delivered(stage: Stage, site: Site, *, messages: list[tuple[str, str]], taken: int) -> None:
    """Each is delivered once, the sender's node knows, and nothing stays open."""
    court = stage.site_of(COURT).caller()

    def word(message: str) -> bool:
        return bool(court.get(f"/v1/messages/{message}")["word"] == "delivered")

    for message, _ in messages:
        witness.until(f"{message} is delivered", partial(word, message))
    rows = witness.effects(stage.system(STATION), "mediation.DesignationRequest")
    witness.expect("the station's system took each once", len(rows) == taken + _COUNT, len(rows))
    groups = site.caller("operator-one").get("/v1/failures?stage=deliver&open=true")
    witness.expect("no failure is open any more", groups == [], groups)
    show.verified(f"replayed: {_COUNT} delivered, once each, no failure is open 重放完成, 各送达一次")
