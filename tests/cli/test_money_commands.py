"""`lockstep money`: stopped at once, released by two people's own tokens."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence import access
from tests.api.people import hired
from tests.builders import NOON
from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.slow


@pytest.fixture
async def tokens(record: AsyncEngine) -> dict[str, str]:
    async with record.begin() as db:
        for person in ("lin", "boss"):
            await hired(db, person)
        made = {
            person: await access.create_token(db, person, ["money:write"], NOON, person) for person in ("lin", "boss")
        }
        return made | {"program": await access.create_token(db, "program", ["money:write"], NOON)}


async def test_it_is_stopped_shown_and_released_by_two(lockstep: CommandLine, tokens: dict[str, str]) -> None:
    assert "money may leave" in (await lockstep("money", "status")).out
    assert (await lockstep("money", "stop", "--reason", "a leaked key", "--by", "fang")).code == 0
    assert "fang stopped all money at" in (await lockstep("status")).out
    resume = ("money", "resume", "--reason", "the key was changed")
    for secret in (tokens["program"], "lk_nobody"):
        refused = await lockstep(*resume, LOCKSTEP_TOKEN=secret)
        assert (refused.code, "a person's own token" in refused.err) == (1, True)
    assert "a second person confirms" in (await lockstep(*resume, LOCKSTEP_TOKEN=tokens["lin"])).out
    twice = await lockstep(*resume, LOCKSTEP_TOKEN=tokens["lin"])
    assert (twice.code, "it takes a second person" in twice.err) == (1, True)
    assert "lin asked to release it" in (await lockstep("money", "status")).out
    assert "released" in (await lockstep(*resume, LOCKSTEP_TOKEN=tokens["boss"])).out
    assert (await lockstep.data("money", "status"))["stopped"] is False


async def test_caps_are_set_by_one_and_loosened_by_two(lockstep: CommandLine, tokens: dict[str, str]) -> None:
    said = await lockstep("money", "cap", "daily", "20000.00", "--per", "day", "--provider", "alipay", "--by", "fang")
    assert said.out == "daily: 20000.00 CNY a day by alipay\n"
    assert "20000.00 CNY a day" in (await lockstep("money", "status")).out
    (cap,) = (await lockstep.data("money", "status"))["caps"]
    assert (cap["amount_minor"], cap["gone_minor"]) == (2_000_000, 0)
    assert (await lockstep("money", "cap", "Day!", "1.00", "--per", "day")).code == 2
    assert (await lockstep("money", "cap", "daily", "1.001", "--per", "day")).code == 2
    more = ("money", "cap", "daily", "30000.00", "--per", "day", "--provider", "alipay")
    nobody = await lockstep(*more, "--by", "fang")
    assert (nobody.code, "a person's own token" in nobody.err) == (1, True)
    assert "a second person says the same" in (await lockstep(*more, LOCKSTEP_TOKEN=tokens["lin"])).out
    assert "lin asked at" in (await lockstep("money", "status")).out
    twice = await lockstep(*more, LOCKSTEP_TOKEN=tokens["lin"])
    assert (twice.code, "it takes a second person" in twice.err) == (1, True)
    assert "30000.00 CNY a day" in (await lockstep(*more, LOCKSTEP_TOKEN=tokens["boss"])).out
    for person, words in (("lin", "a second person"), ("boss", "daily is no cap any more")):
        assert words in (await lockstep("money", "uncap", "daily", LOCKSTEP_TOKEN=tokens[person])).out
    gone = await lockstep("money", "uncap", "daily", LOCKSTEP_TOKEN=tokens["lin"])
    assert (gone.code, "there is no cap daily" in gone.err) == (2, True)
