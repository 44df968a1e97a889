"""The brake over HTTP: stopped in one's own name, released by two, told with a sentence why not."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Edge

pytestmark = pytest.mark.slow
WHY = {"reason": "a leaked key"}


async def say(edge: Edge, what: str, person: str, body: dict[str, Any] = WHY) -> httpx.Response:
    token = await edge.token("money:write", person=person)
    return await edge.browser.post(f"/money/{what}", json=body, headers=token)


async def test_one_stops_two_release(edge: Edge) -> None:
    stopped = (await say(edge, "stop", "fang")).json()
    assert (stopped["stopped"], stopped["stop"]["by"], stopped["stop"]["reason"]) == (True, "fang", "a leaked key")
    asked = (await say(edge, "resume", "lin")).json()
    assert (asked["stopped"], asked["release_asked"]["by"]) == (True, "lin")
    twice = await say(edge, "resume", "lin")
    assert (twice.status_code, twice.headers["content-type"]) == (409, "application/problem+json")
    assert twice.json()["detail"] == "lin asked for it: it takes a second person to release the money"
    released = (await say(edge, "resume", "boss")).json()
    assert released == {"stopped": False, "stop": None, "release_asked": None, "waiting": [], "caps": []}
    nothing = await say(edge, "resume", "boss")
    assert (nothing.status_code, "not stopped" in nothing.json()["detail"]) == (409, True)
    seen = await edge.browser.get("/money", headers=await edge.token("money:read"))
    assert seen.json() == released


async def test_only_a_person_acts_in_his_own_name_and_with_the_scope(edge: Edge) -> None:
    program = await edge.browser.post("/money/stop", json=WHY, headers=await edge.token("money:write"))
    assert (program.status_code, program.json()["type"]) == (403, "urn:lockstep:problem:nobodys-token")
    another = await say(edge, "resume", "lin", {**WHY, "by": "boss"})
    assert (another.status_code, another.json()["type"]) == (403, "urn:lockstep:problem:anothers-name")
    reader = await edge.token("money:read", person="lin")
    assert (await edge.browser.post("/money/stop", json=WHY, headers=reader)).status_code == 403
    assert (await say(edge, "stop", "lin", {"reason": ""})).status_code == 422
    assert (await edge.browser.get("/money")).status_code == 401


async def test_a_cap_is_set_by_one_and_removed_by_two_each_in_his_own_name(edge: Edge) -> None:
    token = await edge.token("money:write", person="fang")
    body = {"per": "day", "amount_minor": 2_000_000, "provider": "alipay"}
    answer = await edge.browser.put("/money/caps/daily", json=body, headers=token)
    (cap,) = answer.json()["caps"]
    assert (cap["name"], cap["gone_minor"], cap["ends"]) == ("daily", 0, "2026-11-23T00:00:00+08:00")
    odd = await edge.browser.put("/money/caps/daily", json={**body, "time_zone": "Mars/Base"}, headers=token)
    assert (odd.status_code, "no time zone" in odd.json()["detail"]) == (422, True)
    program = await edge.token("money:write")
    assert (await edge.browser.delete("/money/caps/daily", headers=program)).status_code == 403
    (cap,) = (await edge.browser.delete("/money/caps/daily", headers=token)).json()["caps"]
    assert (cap["loosening_asked"]["by"], cap["loosening_asked"]["to"]) == ("fang", None)
    again = await edge.browser.delete("/money/caps/daily", headers=token)
    assert (again.status_code, again.json()["type"]) == (409, "urn:lockstep:problem:second-person")
    second = await edge.token("money:write", person="boss")
    assert (await edge.browser.delete("/money/caps/daily", headers=second)).json()["caps"] == []
    assert (await edge.browser.delete("/money/caps/daily", headers=second)).status_code == 404
