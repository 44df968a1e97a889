"""People, policies and working hours by command: written in a file, checked, saved, mended and saved again."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.calendar import TimeKind, TimeLimit
from persistence import audit, people
from persistence.approvers import PostgresApprovers
from tests.builders import NOON
from tests.cli.conftest import CommandLine, Said

pytestmark = pytest.mark.slow

PEOPLE = [
    {"id": "lin", "name": "Lin", "posts": [{"role": "support_supervisor", "entity_id": "teahouse"}], "superior": "wu"},
    {"id": "wu", "name": "Wu", "posts": [{"role": "finance_manager"}], "limits": [{"amount_minor": 900_000}]},
]
ALL_TO_FINANCE = {"rules": [{"name": "all", "steps": [{"name": "finance", "roles": ["finance_manager"]}]}]}


class Desk:
    """Somebody at a shell, with files."""

    def __init__(self, lockstep: CommandLine, folder: Path) -> None:
        self.lockstep, self.folder = lockstep, folder

    async def __call__(self, *words: str, file: Any) -> Said:
        path = self.folder / "file.json"
        path.write_text(file if isinstance(file, str) else json.dumps(file))
        return await self.lockstep(*words, str(path))


@pytest.fixture
async def desk(lockstep: CommandLine, tmp_path: Path) -> Desk:
    opened = Desk(lockstep, tmp_path)
    said = await opened("people", "save", file={"people": PEOPLE})
    assert (said.code, said.out) == (0, "wu: version 1\nlin: version 1\n"), said
    return opened


async def test_people_are_listed_mended_and_saved_again(desk: Desk, record: AsyncEngine) -> None:
    listed = await desk.lockstep("people", "list")
    assert "support_supervisor in teahouse" in listed.out
    assert "9000.00 CNY" in listed.out
    everybody = await desk.lockstep.data("people", "list")
    assert (await desk("people", "save", file=everybody)).out == "nothing to change\n"
    everybody["people"][0]["name"] = "Lin Hua"
    assert (await desk("people", "save", "--by", "mei", file=everybody)).out == "lin: version 2\n"
    stale = await desk("people", "save", file={"people": [{**everybody["people"][0], "name": "Lin Mei"}]})
    assert (stale.code, stale.err) == (1, "error: lin was changed meanwhile: it is at version 2, look again\n")
    async with record.connect() as db:
        assert await audit.first_bad_entry(db, audit.INSTALLATION) is None


async def test_a_policy_is_shown_checked_and_saved(desk: Desk) -> None:
    shown = await desk.lockstep("policy", "show")
    assert shown.out.startswith(
        "refunds version 0, shipped\n1. due back: the amount is at most 200.00 CNY, basis is due"
    )
    checked = await desk("policy", "check", file=ALL_TO_FINANCE)
    assert (checked.code, checked.out) == (
        0,
        "it can be saved. Of 0 past refunds 0 go another way, 0 nowhere\n",
    )
    assert (await desk("policy", "save", "--by", "mei", file=ALL_TO_FINANCE)).out == "refunds version 1 holds\n"
    assert (await desk.lockstep("policy", "show")).out.startswith("refunds version 1, saved by mei\n1. all: ")
    mine = await desk.lockstep.data("policy", "show")
    mine["rules"][0]["steps"][0]["limit_seconds"] = 7200
    assert (await desk("policy", "save", file=mine)).out == "refunds version 2 holds\n"
    mine["rules"][0]["name"] = "everything"
    stale = await desk("policy", "save", file=mine)
    assert (stale.code, stale.err) == (1, "error: refunds was changed meanwhile: it is at version 2, look again\n")
    assert (await desk.lockstep.data("policy", "show", "--version", "1"))["rules"][0]["steps"][0][
        "limit_seconds"
    ] == 86_400


REFUND = """
    insert into refunds (id, order_id, applicant, kind, goods, basis, reason, note, currency, amount_minor,
        shipping_minor, adjustments, version, decision, repayment, stage, refusal, approval_moves,
        requested_at, updated_at)
    values (:id, 'shop/tea/1001', :applicant, 'refund_only', 'kept', 'sale', '', '', 'CNY', :amount, 0,
        '[]', 1, :decision, 'not_begun', 'awaiting_approval', '', 0, :at, :at)
"""
ORDER = """
    insert into orders (id, source_channel, shop_id, order_no, kind, currency, amount_minor, shipping_minor,
        customer_id, customer_note, recipient, phone_tail, address_gaps, unmatched, placed_at, payment, fulfilment,
        holds, after_sale, cancellation, stage, recorded_at, updated_at)
    values ('shop/tea/1001', 'shop', 'tea', '1001', 'standard', 'CNY', 100000, 0, 'c-17', '', '', '', '{}', '{}',
        :at, 'paid', 'delivered', '{}', 'none', 'none', 'delivered', :at, :at)
"""


async def test_a_policy_is_tried_on_the_refunds_of_the_past(desk: Desk, record: AsyncEngine) -> None:
    """Two of 150.00 on one order: the second counts 300.00. A refused one counts no further."""
    async with record.begin() as db:
        await db.execute(text(ORDER), {"at": NOON})
        for number, decision in enumerate(("refused", "pending", "pending"), start=1):
            values = {"id": f"r{number}", "decision": decision, "at": NOON + timedelta(hours=number)}
            await db.execute(text(REFUND), {**values, "amount": 15_000, "applicant": "ann"})
    checked = await desk("policy", "check", file=ALL_TO_FINANCE)
    assert "Of 3 past refunds 3 go another way, 0 nowhere" in checked.out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in checked.out.splitlines() if "│" in line]
    assert rows == [
        ["r3", "300.00 CNY", "wu", "wu"],
        ["r2", "150.00 CNY", "lin", "wu"],
        ["r1", "150.00 CNY", "lin", "wu"],
    ]


@pytest.mark.parametrize(
    ("words", "file", "code", "said"),
    [
        (("policy", "save"), {"rules": ALL_TO_FINANCE["rules"] * 2}, 1, "rules.1: rule all is never reached"),
        (
            ("policy", "check"),
            {"rules": [{"name": "x", "steps": [{"name": "s"}]}]},
            1,
            "rules.0.steps.0: step s names nobody",
        ),
        (("policy", "check"), {"rules": [{"name": "x", "chanel": "jd"}]}, 2, "rules.0.chanel: Extra inputs"),
        (("policy", "check"), {"rules": []}, 2, "rules: "),
        (("policy", "check"), "{", 2, "file.json: Invalid JSON"),
        (("people", "save"), {"people": [{**PEOPLE[0], "superior": "lin"}]}, 2, "in a circle: lin -> lin"),
        (
            ("people", "save"),
            {"people": [{**PEOPLE[0], "active": False}]},
            2,
            "nobody holds support_supervisor in entity",
        ),
        (("people", "save"), {"people": []}, 2, "people: "),
        (("entity", "hours", "teahouse"), {"shifts": []}, 2, "name at least one shift"),
        (
            ("entity", "hours", "teahouse"),
            {"shifts": [{"begins": "22:00", "ends": "06:00"}]},
            2,
            "write a night as two",
        ),
        (("entity", "hours", "moon"), {"shifts": [{"begins": "09:00", "ends": "12:00"}]}, 1, "there is no entity moon"),
    ],
)
async def test_a_wrong_file_is_answered_with_the_place(
    desk: Desk, words: tuple[str, ...], file: Any, code: int, said: str
) -> None:
    answer = await desk(*words, file=file)
    assert answer.code == code, answer
    assert said in answer.err
    assert "Traceback" not in answer.err


async def test_what_is_not_there_is_said(lockstep: CommandLine) -> None:
    assert (await lockstep("policy", "show", "other")).err == "error: there is no policy other\n"
    assert (await lockstep("policy", "show", "--version", "7")).err == "error: there is no policy refunds version 7\n"


async def test_an_entity_s_hours_hold_for_its_reminders(desk: Desk, record: AsyncEngine) -> None:
    night = {"weekdays": [0, 1, 2, 3, 4, 5, 6], "shifts": [{"begins": "20:00", "ends": "00:00"}]}
    assert (await desk("entity", "hours", "teahouse", file={**night, "holidays": ["2026-11-22"]})).code == 0
    found = await PostgresApprovers(record).reminders(
        "teahouse", NOON, TimeLimit(timedelta(hours=1), TimeKind.WORKING), 1, None
    )
    assert found == (NOON + timedelta(hours=33),)  # noon of the 22nd is a holiday: 21:00 of the 23rd
    async with record.connect() as db:
        assert (await people.calendar_of(db, "teahouse")).zone == "Asia/Shanghai"
