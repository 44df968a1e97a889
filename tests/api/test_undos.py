"""Undoing in bulk over HTTP: looked at by many, found by one, released by another, each in his own name."""

from typing import Any

import httpx
import pytest
from temporalio.service import RPCError, RPCStatusCode

from tests.api.conftest import Edge

pytestmark = pytest.mark.slow
WHY = {"reason": "the old shop charged twice"}
SECOND = {
    "provider": "alipay",
    "account": "main",
    "trade_no": "T-2",
    "out_trade_no": "tea_1001_2",
    "amount_minor": 14400,
    "paid_at": "2026-11-22T10:00:03+08:00",
}
UNKNOWN = SECOND | {"trade_no": "T-3", "out_trade_no": "tea_9999"}


async def say(edge: Edge, person: str, path: str, body: dict[str, Any]) -> httpx.Response:
    token = await edge.token("money:write", person=person)
    return await edge.browser.post(path, json=WHY | body, headers=token)


@pytest.fixture
async def begun(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The workflows that were begun."""
    ids: list[str] = []

    async def start_workflow(*_: object, id: str, **__: object) -> None:  # noqa: A002 - the SDK's name
        ids.append(id)

    monkeypatch.setattr(edge.workflows, "start_workflow", start_workflow, raising=False)
    await edge.placed()
    await edge.paid()
    return ids


async def test_found_by_one_released_by_another(edge: Edge, begun: list[str]) -> None:
    found = await say(edge, "fang", "/undos", {"trades": [SECOND, UNKNOWN]})
    plan = found.json()
    assert (found.status_code, plan["trades"], plan["found"]["by"]) == (201, 1, "fang")
    assert [(each["verdict"], each["state"], each["order"]) for each in plan["items"]] == [
        ("charged_twice", "waiting", "shop/tea/1001"),
        ("order_unknown", "left_out", "shop/tea/9999"),
    ]
    release, seen = f"/undos/{plan['plan']}/release", {"version": plan["version"]}
    alone = await say(edge, "fang", release, seen)
    assert (alone.status_code, alone.json()["type"]) == (409, "urn:lockstep:problem:undo-refused")
    assert (await say(edge, "boss", release, {"version": "another"})).status_code == 409
    assert begun == []
    for _ in range(2):
        released = await say(edge, "boss", release, seen)
        assert (released.status_code, released.json()["released"]["by"]) == (200, "boss")
    assert begun == [f"undo/{plan['plan']}"] * 2  # the second one finds it running
    reader = await edge.token("money:read")
    listed = (await edge.browser.get("/undos", headers=reader)).json()["plans"]
    assert [each["plan"] for each in listed] == [plan["plan"]]
    cancelled = await say(edge, "lin", f"/undos/{plan['plan']}/cancel", {})
    assert (cancelled.status_code, cancelled.json()["cancelled"]["by"]) == (200, "lin")
    assert (await say(edge, "boss", release, seen)).status_code == 409


async def test_with_temporal_away_the_same_release_is_sent_again(
    edge: Edge, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = (await say(edge, "fang", "/undos", {"trades": [SECOND]})).json()
    release, seen = f"/undos/{plan['plan']}/release", {"version": plan["version"]}
    with monkeypatch.context() as away:

        async def nobody(*_: object, **__: object) -> None:
            raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")

        away.setattr(edge.workflows, "start_workflow", nobody)
        answer = await say(edge, "boss", release, seen)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (await say(edge, "boss", release, seen)).status_code == 200
    assert len(begun) == 1


@pytest.mark.usefixtures("begun")
async def test_what_is_refused(edge: Edge) -> None:
    program = await edge.token("money:write")
    answer = await edge.browser.post("/undos", json=WHY | {"trades": [SECOND]}, headers=program)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:lockstep:problem:nobodys-token")
    assert (await edge.browser.get("/undos", headers=program)).status_code == 403
    twice = await say(edge, "fang", "/undos", {"trades": [SECOND, SECOND]})
    assert (twice.status_code, "named twice" in twice.json()["detail"]) == (422, True)
    bodies: list[dict[str, Any]] = [{"trades": []}, {"trades": [SECOND | {"amount_minor": 0}]}, {"reason": ""}]
    for wrong in bodies:
        assert (await say(edge, "fang", "/undos", wrong)).status_code == 422
    nowhere = "/undos/20261122-00000000"
    reader = await edge.token("money:read")
    assert (await edge.browser.get(nowhere, headers=reader)).status_code == 404
    assert (await say(edge, "boss", f"{nowhere}/release", {"version": "x"})).status_code == 404
    assert (await say(edge, "boss", f"{nowhere}/cancel", {})).status_code == 404


@pytest.mark.usefixtures("begun")
async def test_where_nothing_goes_back_by_itself_nothing_is_released(edge: Edge) -> None:
    edge.house.settings.due_back_by_itself = False
    plan = (await say(edge, "fang", "/undos", {"trades": [SECOND]})).json()
    refused = await say(edge, "boss", f"/undos/{plan['plan']}/release", {"version": plan["version"]})
    assert (refused.status_code, "LOCKSTEP_DUE_BACK_BY_ITSELF" in refused.json()["detail"]) == (409, True)
