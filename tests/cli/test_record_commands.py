"""Schema, evidence, settings: what an operator does before and after trade."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime.embedded import EmbeddedPostgres
from tests.cli.conftest import KEY, CommandLine

pytestmark = pytest.mark.slow


async def test_migrate_makes_an_empty_database_ready_and_may_be_repeated(postgres: EmbeddedPostgres) -> None:
    lockstep = CommandLine({"DATABASE_URL": await postgres.create_database("empty")})
    before = await lockstep("status")
    assert (before.code, "run `lockstep migrate` first" in before.err) == (3, True)
    for _ in range(2):
        said = await lockstep("migrate", "--json")
        assert (said.code, said.data) == (0, {"revision": said.data["revision"]})
    assert (await lockstep("status")).code == 0
    await postgres.drop_database("empty")


@pytest.mark.parametrize("command", [("status",), ("cases",), ("stock", "show"), ("migrate",), ("retry",)])
async def test_a_record_that_is_away_is_code_3(command: tuple[str, ...]) -> None:
    said = await CommandLine({"DATABASE_URL": "postgresql://me:secret@127.0.0.1:9/x"})(*command)
    assert said.code == 3
    assert "Postgres does not answer" in said.err
    assert "secret" not in said.err


@pytest.mark.parametrize(
    ("command", "environment", "sentence"),
    [
        (("status",), {}, "error: DATABASE_URL is not set\n"),
        (("status",), {"DATABASE_URL": "nonsense"}, "DATABASE_URL is no address"),
        (("health", "--only", "temporal"), {}, "error: TEMPORAL_ADDRESS is not set\n"),
        (("worker",), {"DATABASE_URL": "postgresql://x"}, "TEMPORAL_ADDRESS is not set; LOCKSTEP_RECORD_KEY is not"),
        (("api",), {"DATABASE_URL": "postgresql://x"}, "LOCKSTEP_PAYLOAD_KEYS is not set"),
        (("customer", "erase", "c"), {"DATABASE_URL": "x", "LOCKSTEP_RECORD_KEY": "short"}, "must be 32 bytes"),
        (("worker",), {"LOCKSTEP_ALIPAY_ACCOUNTS": "{not json"}, "LOCKSTEP_ALIPAY_ACCOUNTS is not valid JSON"),
        (("api", "--port", "0"), {}, "Invalid value for '--port'"),
        (("health", "--only", "weather"), {}, "Invalid value for '--only'"),
        (("no-such-command",), {}, "No such command"),
    ],
)
async def test_bad_settings_and_usage_are_code_2(
    command: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    said = await CommandLine(environment)(*command)
    assert said.code == 2, said
    assert sentence in said.err
    assert "short" not in said.err


ALIPAY = {"app_id": "1", "seller_id": "2", "alipay_public_key_files": ["none.pem"], "app_private_key_file": "none.pem"}
WECHATPAY = {"mchid": "1", "app_ids": ["2"], "platform_key_files": {"PUB_KEY_ID_1": "none.pem"}, "merchant_serial": "3"}
FILES = {"api_v3_key_files": ["none.txt"], "merchant_private_key_file": "none.pem"}


@pytest.mark.parametrize(("provider", "account"), [("ALIPAY", ALIPAY), ("WECHATPAY", WECHATPAY | FILES)])
async def test_a_key_file_that_is_none_is_named(provider: str, account: dict[str, object]) -> None:
    variable = f"LOCKSTEP_{provider}_ACCOUNTS"
    serving = {"DATABASE_URL": "x", "TEMPORAL_ADDRESS": "x", "LOCKSTEP_RECORD_KEY": KEY}
    keys = {"LOCKSTEP_PAYLOAD_KEYS": f"k:{KEY}", "LOCKSTEP_WAREHOUSE_SECRETS": KEY}
    said = await CommandLine({**serving, **keys, variable: json.dumps([{"name": "main", **account}])})("worker")
    assert (said.code, f"{variable} names none.pem, which is no file" in said.err) == (2, True), said


async def test_payload_keys_that_cannot_be_read_are_named(lockstep: CommandLine) -> None:
    said = await lockstep(
        *("decide", "case-1", "--choice", "retry", "--by", "mei", "--reason", "r"),
        TEMPORAL_ADDRESS="127.0.0.1:9",
        LOCKSTEP_RECORD_KEY=KEY,
        LOCKSTEP_PAYLOAD_KEYS="no-colon",
    )
    assert (said.code, "LOCKSTEP_PAYLOAD_KEYS: must read" in said.err) == (2, True)


async def keep(record: AsyncEngine, month: str, *, applied: bool = True) -> None:
    statement = """
        insert into inbound_events (received_at, source, message_id, kind, verdict, body, applied_at)
        values (cast(:month as date) + 5, 'alipay', :month, 'payment.notice', 'accepted', '', {})
    """
    async with record.begin() as db:
        await db.execute(text(statement.format("now()" if applied else "null")), {"month": month})


@pytest.fixture
async def old_months(record: AsyncEngine) -> None:
    async with record.begin() as db:
        for month, following in (("2026-01", "2026-02"), ("2026-02", "2026-03")):
            name = f"inbound_events_{month.replace('-', '_')}"
            values = f"from ('{month}-01') to ('{following}-01')"
            await db.execute(text(f"create table {name} partition of inbound_events for values {values}"))


@pytest.mark.usefixtures("old_months")
async def test_evidence_is_shown_first_and_dropped_when_told(lockstep: CommandLine, record: AsyncEngine) -> None:
    await keep(record, "2026-01-01")
    drop = ("evidence", "drop", "--before", "2026-02-15")
    month = {"name": "inbound_events_2026_01", "messages": 1, "unapplied": 0}
    assert await lockstep.data(*drop) == {"dry_run": True, "months": [month]}
    assert "add --yes to do it" in (await lockstep(*drop)).out
    assert await lockstep.data(*drop, "--yes") == {"dry_run": False, "months": [month]}
    assert (await lockstep.data(*drop))["months"] == []
    assert [each["name"] for each in (await lockstep.data("evidence", "drop", "--before", "2026-03-01"))["months"]] == [
        "inbound_events_2026_02"
    ]


@pytest.mark.usefixtures("old_months")
async def test_evidence_without_effect_is_not_dropped(lockstep: CommandLine, record: AsyncEngine) -> None:
    await keep(record, "2026-01-01", applied=False)
    said = await lockstep("evidence", "drop", "--before", "2026-02-01", "--yes")
    assert (said.code, "had no effect yet" in said.err) == (1, True)
    assert (await lockstep("evidence", "drop", "--before", "2999-01-01")).code == 2
    assert (await lockstep("evidence", "drop", "--before", "tomorrow")).code == 2


async def test_health_names_what_is_away(lockstep: CommandLine) -> None:
    assert (await lockstep.data("health", "--only", "record"))[0]["ok"]
    said = await lockstep("health", "--json", TEMPORAL_ADDRESS="127.0.0.1:9")
    assert (said.code, [(each["part"], each["ok"]) for each in said.data]) == (
        1,
        [("record", True), ("temporal", False), ("workers", False)],
    )
    said = await lockstep("health", "--only", "api", "--api-url", "http://127.0.0.1:9")
    assert (said.code, "AWAY" in said.out) == (1, True)


async def test_migrate_makes_room_for_a_month_that_nobody_made_room_for(
    lockstep: CommandLine, record: AsyncEngine
) -> None:
    async with record.begin() as db:
        statement = """
            insert into inbound_events (received_at, source, message_id, kind, verdict, body)
            values (now(), 'alipay', 'n', 'payment.notice', 'accepted', '')
        """
        await db.execute(text(statement))
    for _ in range(2):
        assert (await lockstep("migrate")).code == 0
    async with record.connect() as db:
        where = await db.execute(text("select tableoid::regclass::text from inbound_events"))
        assert where.scalar_one() != "inbound_events_rest"
    async with record.begin() as db:
        await db.execute(text(statement))
        ids = (await db.execute(text("select count(distinct id) from inbound_events"))).scalar_one()
        assert ids == 2
