"""A case that nobody decides, over the whole house: its owner's superior is told, and everybody sees it."""

from pathlib import Path
from typing import Any

import pytest

from domain.people import Person, Post
from persistence.people import save_people
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import workers
from tests.journeys.conftest import open_stage

pytestmark = pytest.mark.slow

STAFF = (Person("fang", "Fang"), Person("wang", "Wang", (Post("finance"),), superior="fang"))
A_DAY_IN_TWO_SECONDS = 43_200


async def test_a_case_of_a_day_is_told_to_the_superior_and_shown_until_somebody_decides(
    record_url: str, temporal: EmbeddedTemporal, world_folder: Path
) -> None:
    house = open_stage(
        record_url, temporal, world_folder, time_scale=A_DAY_IN_TWO_SECONDS, queues="orders,outbox", shop_listeners=()
    )
    async with house as (stage, stack):
        async with stage.house.engine.begin() as db:
            await save_people(db, STAFF, "test", stage.house.clock.now(), seen={})
        for worker in workers(stage.house):
            await stack.enter_async_context(worker)
        assert (await stage.notify(stage.pen.notice("what-is-this", "T-unknown"))).text == "success"

        async def case() -> dict[str, Any]:
            (found,) = (await stage.shop.get("/cases", params={"state": "all"})).json()["cases"]
            return dict(found)

        async def told() -> list[dict[str, Any]]:
            return list((await case())["reminders"])

        await stage.until(told, "somebody is told")
        first = (await told())[0]
        assert (first["level"], first["person"], first["skipped"]) == (1, "fang", "")
        assert first["at"] >= (await case())["due_at"]
        body = {"choice": "close", "by": "mei", "reason": "paid for nothing of ours"}
        answer = await stage.shop.post(f"/cases/{(await case())['id']}/decide", json=body)
        assert answer.status_code == 200, answer.text
        assert (await told())[0] == first
