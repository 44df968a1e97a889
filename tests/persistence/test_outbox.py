"""docs/sop.md, section 7: what changed is told to each shop that listens, the newest level of each sku, in the end."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from activities.levels import LevelSender
from domain.case import Cause, Choice
from persistence import outbox as outbox_file
from persistence.outbox import PostgresOutbox
from persistence.standing import standing
from tests.builders import NOON
from tests.persistence.sending import BOX, CUP, EAST, EVERYTHING, GREEN, TEA, Sending, until

pytestmark = pytest.mark.slow


async def test_a_sender_that_begins_tells_each_shop_everything_it_sells(sending: Sending) -> None:
    await sending.sender.begin()
    await sending.round()
    assert (sending.tea.heard(), sending.east.heard()) == ([EVERYTHING], [{"GREEN": 1000}])
    await sending.round()
    assert (sending.tea.heard(), sending.east.heard(), await sending.untold()) == ([], [], [])


async def test_a_change_is_told_to_those_who_sell_the_sku_alone_or_in_a_bundle(sending: Sending) -> None:
    await sending.begin()
    await sending.set_level(GREEN, 41)
    await sending.round()
    assert sending.tea.heard() == [{BOX: 41, GREEN: 41}]
    assert sending.east.heard() == [{"GREEN": 41}]
    await sending.set_level(CUP, 41)
    await sending.round()
    assert (sending.tea.heard(), sending.east.heard()) == ([{CUP: 41, BOX: 20}], [])


async def test_many_changes_of_a_sku_go_out_as_one_level_read_when_it_is_sent(sending: Sending) -> None:
    await sending.begin()
    for units in (5, 4, 3):
        await sending.set_level(GREEN, units)
    await sending.outbox.take([TEA, EAST])
    await sending.set_level(GREEN, 2)
    await sending.round()
    assert sending.tea.heard() == [{BOX: 2, GREEN: 2}]


async def test_what_changes_while_it_is_sent_is_sent_again_with_a_greater_version(sending: Sending) -> None:
    await sending.begin()
    sending.tea.answers.clear()
    await sending.set_level(GREEN, 5)
    async with asyncio.TaskGroup() as tasks:
        await sending.sender.round(tasks)
        await until(lambda: sending.tea.messages)
        await sending.set_level(GREEN, 4)
        await sending.sender.round(tasks)
        sending.tea.answers.set()
    async with asyncio.TaskGroup() as tasks:  # the other shop may have been on its way, too
        await sending.sender.round(tasks)
    versions = [level.version for levels in sending.tea.messages for level in levels if level.platform_sku == GREEN]
    assert [told[GREEN] for told in sending.tea.heard()] == [5, 4]
    assert versions == sorted(set(versions))
    assert await sending.untold() == []


async def test_a_shop_that_does_not_answer_holds_up_no_other(sending: Sending) -> None:
    await sending.begin()
    sending.tea.answers.clear()
    async with asyncio.TaskGroup() as tasks:
        for units in (5, 4):
            await sending.set_level(GREEN, units)
            await sending.sender.round(tasks)
            await until(lambda: sending.east.shown["GREEN"] == units)  # noqa: B023 - awaited in this round
        assert len(sending.tea.messages) == 1
        sending.tea.answers.set()
    assert sending.tea.shown[GREEN] == 4


async def test_a_shop_that_is_away_is_asked_after_growing_pauses_and_then_told_what_it_missed(sending: Sending) -> None:
    await sending.begin()
    sending.tea.silent = True
    await sending.set_level(GREEN, 5)
    asked = []
    for second in range(200):
        sending.clock.time = NOON + timedelta(seconds=second)
        await sending.round()
        asked += [second] * len(sending.tea.heard())
    assert asked == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    sending.tea.silent = False
    sending.clock.time = NOON + timedelta(seconds=243)
    await sending.round()
    assert sending.tea.shown == {**EVERYTHING, GREEN: 5, BOX: 5}
    sending.tea.silent = True
    await sending.set_level(GREEN, 6)
    await sending.round()
    sending.clock.time += timedelta(seconds=1)
    await sending.round()
    assert len(sending.tea.heard()) == 3, "after a success the pauses begin anew"


async def test_after_the_limit_there_is_one_case_and_it_settles_itself(sending: Sending) -> None:
    await sending.begin()
    sending.tea.silent = True
    await sending.set_level(GREEN, 5)
    open_case = ("shop/tea", None, "the shop gave no answer")
    for minute, expected in ((0, []), (29, []), (31, [open_case]), (40, [open_case]), (60, [open_case])):
        sending.clock.time = NOON + timedelta(minutes=minute)
        await sending.round()
        assert await sending.cases() == expected, minute
        sending.start_anew()
    owner = await sending.rows("select cause, owner, order_id, waits from cases")
    assert owner == [(Cause.LEVELS_NOT_PUSHED, "operations", None, False)]
    sending.tea.silent = False
    await sending.round()
    assert await sending.cases() == [("shop/tea", Choice.CLOSE, "the shop gave no answer")]
    assert sending.tea.shown[GREEN] == 5
    sending.tea.silent = True
    await sending.set_level(GREEN, 4)
    await sending.round()
    sending.clock.time += timedelta(minutes=31)
    await sending.round()
    assert [choice for _, choice, _ in await sending.cases()] == [Choice.CLOSE, None]


async def test_a_case_is_about_one_shop_alone(sending: Sending) -> None:
    await sending.begin()
    sending.tea.silent = True
    await sending.set_level(GREEN, 5)
    await sending.round()
    sending.clock.time += timedelta(minutes=31)
    await sending.set_level(GREEN, 4)
    await sending.round()
    assert (sending.east.shown, len(await sending.cases())) == ({"GREEN": 4}, 1)


async def test_a_crash_between_taking_and_telling_loses_nothing(sending: Sending) -> None:
    await sending.begin()
    await sending.set_level(GREEN, 5)
    assert set(await sending.outbox.take([TEA, EAST])) == {TEA, EAST}
    sending.start_anew()
    await sending.round()
    assert (sending.tea.heard(), sending.east.heard()) == ([{BOX: 5, GREEN: 5}], [{"GREEN": 5}])


async def test_an_answer_that_is_lost_makes_a_harmless_repeat(sending: Sending) -> None:
    await sending.begin()
    await sending.set_level(GREEN, 5)
    await sending.outbox.take([TEA])
    lost = await sending.outbox.untold(TEA)
    await sending.tea.push_levels(lost)
    await sending.round()
    assert [{level.platform_sku for level in levels} for levels in sending.tea.messages] == [{BOX, GREEN}] * 2
    assert sending.tea.messages[0] == sending.tea.messages[1]


async def test_two_senders_at_once_never_give_an_older_level_the_greater_version(sending: Sending) -> None:
    await sending.begin()
    other = PostgresOutbox(sending.record, sending.clock, sending.limits)
    heard: list[tuple[int, int]] = []
    for units in range(100, 80, -1):
        await sending.set_level(GREEN, units)
        await asyncio.gather(sending.outbox.take([TEA]), other.take([TEA]))
        for levels in await asyncio.gather(sending.outbox.untold(TEA), other.untold(TEA)):
            heard += [(each.version, each.available) for each in levels if each.platform_sku == GREEN]
    assert [available for _, available in sorted(heard)] == sorted((units for _, units in heard), reverse=True)
    assert len({version for version, _ in heard}) == 20


@pytest.mark.parametrize("writes", ["begin", "take", "told"])
async def test_who_writes_what_is_untold_waits_for_his_turn(sending: Sending, writes: str) -> None:
    """Else the clock could give two senders one version, and the two could block each other."""
    work: dict[str, Callable[[], Awaitable[object]]] = {
        "begin": lambda: sending.outbox.begin([TEA]),
        "take": lambda: sending.outbox.take([TEA]),
        "told": lambda: sending.outbox.told(TEA, ()),
    }
    async with sending.record.begin() as db:
        await db.execute(text("select pg_advisory_xact_lock(hashtext('lockstep levels'))"))
        waiting = asyncio.ensure_future(work[writes]())
        async with asyncio.timeout(10):
            while not await sending.rows("select 1 from pg_locks where locktype = 'advisory' and not granted"):
                assert not waiting.done()
    await waiting


async def test_versions_grow_even_when_an_older_record_was_restored(sending: Sending) -> None:
    await sending.begin()
    await sending.set_level(GREEN, 5)
    await sending.outbox.take([TEA])
    before = {level.platform_sku: level.version for level in await sending.outbox.untold(TEA)}
    async with sending.record.begin() as db:
        await db.execute(text("select setval('level_versions', 1)"))
    sending.clock.time += timedelta(minutes=1)
    await sending.set_level(GREEN, 4)
    await sending.outbox.take([TEA])
    after = {level.platform_sku: level.version for level in await sending.outbox.untold(TEA)}
    assert all(after[sku] > before[sku] for sku in before)


async def test_a_new_match_is_told_and_an_older_one_counts_no_more(sending: Sending) -> None:
    await sending.begin()
    await sending.match(TEA, "TEA-NEW", TEA_CUP=3)
    await sending.match(TEA, BOX, CUP_WHITE=1)
    await sending.round()
    assert sending.tea.heard() == [{CUP: 1000, BOX: 1000, "TEA-NEW": 333, "TEA-CUP": 1000}]
    await sending.set_level(GREEN, 5)
    await sending.round()
    assert sending.tea.heard() == [{GREEN: 5}]


async def test_a_sku_without_a_level_is_told_as_sold_out_until_it_is_counted(sending: Sending) -> None:
    await sending.begin()
    await sending.match(TEA, "TEA-NEW", NEVER_SEEN=1)
    await sending.round()
    await sending.set_level("NEVER-SEEN", 8)
    await sending.round()
    assert sending.tea.heard() == [{"TEA-NEW": 0}, {"TEA-NEW": 8}]


async def test_a_shop_that_does_not_listen_is_told_nothing_and_owed_nothing(sending: Sending) -> None:
    await sending.begin()
    await sending.set_level(GREEN, 5)
    await sending.outbox.take([TEA, EAST])
    sending.sender = LevelSender(sending.outbox, {TEA: sending.tea}, sending.clock, sending.limits)
    await sending.sender.begin()
    await sending.round()
    await sending.set_level(GREEN, 4)
    await sending.round()
    assert (sending.east.heard(), await sending.untold(), sending.tea.shown[GREEN]) == ([], [], 4)


async def test_many_levels_go_out_in_several_messages(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_file, "LEVELS_PER_MESSAGE", 3)
    await sending.sender.begin()
    await sending.round()
    sizes = [len(levels) for levels in sending.tea.messages]
    assert (sizes, sending.tea.shown) == ([3, 3, 2], EVERYTHING)


async def test_sent_changes_are_deleted_after_their_time_and_others_never(sending: Sending) -> None:
    await sending.begin()
    kept = await sending.rows("select count(*) from outbox")
    sending.clock.time += timedelta(hours=23)
    await sending.set_level(GREEN, 5)
    await sending.round()
    await sending.outbox.forget_sent()
    assert await sending.rows("select count(*) from outbox") != kept
    sending.clock.time += timedelta(hours=2)
    await sending.set_level(GREEN, 4)
    await sending.outbox.forget_sent()
    assert await sending.rows("select subject, sent_at is null from outbox order by seq") == [
        (GREEN, False),
        (GREEN, True),
    ]
    sending.clock.time += timedelta(days=9)
    await sending.outbox.forget_sent()
    assert await sending.rows("select subject, sent_at is null from outbox") == [(GREEN, True)]


async def test_what_is_still_to_be_told_is_counted_whoever_owes_it(sending: Sending) -> None:
    async def backlog() -> int:
        async with sending.record.connect() as db:
            return (await standing(db, sending.clock.now())).outbox.count

    await sending.begin()
    assert await backlog() == 0
    await sending.set_level(GREEN, 5)
    assert await backlog() == 1  # the change
    sending.tea.silent = True
    await sending.round()
    assert await backlog() == 2  # green tea and the gift box, at one of two shops
