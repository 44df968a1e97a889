"""What is set up once: entities, shops, skus, stock, tokens; and customers who want to be forgotten."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.limits import Limits
from persistence import access
from persistence.customers import Customers
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from ports.warehouse import Recipient
from tests.api.people import hired
from tests.builders import NOON, placed, settled, step
from tests.cli.conftest import KEY, CommandLine

pytestmark = pytest.mark.slow


async def test_an_entity_and_its_shop_are_added_and_changed(lockstep: CommandLine, record: AsyncEngine) -> None:
    assert (await lockstep("entity", "add", "east", "--name", "East Ltd")).code == 0
    shop = ("shop", "add", "shop", "east", "--entity", "east", "--account", "main", "--provider", "wechatpay")
    assert (await lockstep(*shop)).code == 0
    assert (await lockstep(*shop, "--name", "East", "--reserve-on-order", "--no-track-by-number")).code == 0
    async with record.connect() as db:
        row = await db.execute(
            text("select name, provider, reserve_on_order, track_by_number from shops where shop_id='east'")
        )
        assert tuple(row.one()) == ("East", "wechatpay", True, False)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("entity", "add", "e", "--name", "E", "--time-zone", "Mars/Base"), 2, "there is no time zone 'Mars/Base'"),
        (("shop", "add", "shop", "x", "--entity", "none", "--account", "main"), 1, "there is no entity none"),
        (("shop", "add", "ebay", "x", "--entity", "teahouse", "--account", "main"), 2, "channel 'ebay' is not one of"),
        (("shop", "add", "shop", "a_b", "--entity", "teahouse", "--account", "main"), 2, "letters, digits or hyphens"),
        (("shop", "add", "shop", "x", "--entity", "teahouse"), 2, "Missing option '--account'"),
        (("shop", "add", "shop", "x", "--account", "a", "--provider", "wechat"), 2, "Invalid value for '--provider'"),
        (("sku", "map", "shop", "none", "P", "S"), 1, "there is no shop shop/none"),
        (("sku", "map", "shop", "tea", "P", "Sx0"), 2, "quantities of 1 or more"),
        (("sku", "map", "shop", "tea", "P", "S@x@1"), 2, "does not read SKU"),
        (("stock", "set", "TEA-CUP", "--", "-1"), 2, "Invalid value for 'units'"),
        (("stock", "set", "TEA-CUP", "many"), 2, "Invalid value for 'units'"),
        (("token", "create", "t", "--scope", "root"), 2, "there is no scope root"),
        (
            ("token", "create", "t", "--scope", "cases:write", "--person", "gone"),
            1,
            "nobody of the id 'gone' works here",
        ),
        (("token", "create", "t"), 2, "Missing option '--scope'"),
        (("token", "revoke", "nobody"), 1, "no token 'nobody' is in use"),
    ],
)
async def test_bad_input_is_answered_with_a_sentence(
    lockstep: CommandLine, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    said = await lockstep(*arguments)
    assert said.code == code, said
    assert sentence in said.err
    assert "Traceback" not in said.err


async def test_a_sku_is_mapped_to_a_bundle_and_each_change_is_a_new_version(
    lockstep: CommandLine, record: AsyncEngine
) -> None:
    box = ("sku", "map", "shop", "tea", "BOX", "TEA-GREEN-250", "TEA-CUPx2@14")
    assert (await lockstep.data(*box))["version"] == 1
    said = await lockstep(*box, "NEVER-SEEN")
    assert "NEVER-SEEN has no stock level yet" in said.err
    async with record.connect() as db:
        rows = await db.execute(text("select components from sku_matches where platform_sku='BOX' order by version"))
        first, second = rows.scalars()
    assert first[1] == {"sku": "TEA-CUP", "quantity": 2, "price_weight": 14}
    assert len(second) == 3


async def test_stock_is_set_and_shown_but_never_below_what_is_reserved(
    lockstep: CommandLine, record: AsyncEngine
) -> None:
    clock = FixedClock(NOON)
    orders = PostgresOrders(record, Customers(b"k" * 32, clock), clock, Limits())
    await orders.place(placed())
    await orders.record_payment(settled())
    await orders.reserve_stock(step())
    said = await lockstep("stock", "set", "TEA-GREEN-250", "1")
    assert (said.code, said.err) == (1, "error: 2 of TEA-GREEN-250 are reserved: the level cannot be below that\n")
    assert (await lockstep("stock", "set", "TEA-GREEN-250", "5")).code == 0
    assert (await lockstep("stock", "set", "NEW", "7")).code == 0
    levels = {each["sku"]: each for each in await lockstep.data("stock", "show")}
    assert levels["TEA-GREEN-250"] == {"sku": "TEA-GREEN-250", "on_hand": 5, "reserved": 2, "free": 3}
    assert levels["NEW"]["free"] == 7
    assert "TEA-GREEN-250" in (await lockstep("stock", "show")).out


async def test_a_token_opens_until_it_is_revoked(lockstep: CommandLine, record: AsyncEngine) -> None:
    create = ("token", "create", "shop tea", "--scope", "orders:write", "--scope", "orders:read")
    secret = (await lockstep(*create)).out.strip()
    async with record.connect() as db:
        found = await access.find_token(db, secret)
    assert found is not None
    assert found.scopes == {"orders:write", "orders:read"}
    again = await lockstep(*create)
    assert (again.code, "is in use" in again.err) == (1, True)
    fresh = (await lockstep.data(*create, "--replace"))["token"]
    assert (await lockstep("token", "revoke", "shop tea")).code == 0
    async with record.connect() as db:
        assert await access.find_token(db, fresh) is None
        assert await access.find_token(db, secret) is None


async def test_a_persons_token_says_whose_it_is(lockstep: CommandLine, record: AsyncEngine) -> None:
    async with record.begin() as db:
        await hired(db, "lin")
    made = await lockstep.data("token", "create", "lin's", "--scope", "cases:write", "--person", "lin")
    async with record.connect() as db:
        found = await access.find_token(db, made["token"])
    assert (made["person"], found and found.person) == ("lin", "lin")


async def test_a_customer_is_erased_once_and_not_while_the_warehouse_needs_the_address(
    lockstep: CommandLine, record: AsyncEngine
) -> None:
    clock = FixedClock(NOON)
    customers = Customers(b"k" * 32, clock)
    async with record.begin() as db:
        await customers.seal_recipient(db, "c-17", Recipient("n", "1", "p", "c", "d", "x"))
    await PostgresOrders(record, customers, clock, Limits()).place(placed())
    key = {"LOCKSTEP_RECORD_KEY": KEY}
    refused = await lockstep("customer", "erase", "c-17", **key)
    assert (refused.code, "shop/tea/1001" in refused.err) == (1, True)
    assert (await lockstep("customer", "erase", "c-17", "--force", **key)).code == 0
    again = await lockstep("customer", "erase", "c-17", "--force", **key)
    assert (again.code, "erased before" in again.err) == (1, True)
    assert "LOCKSTEP_RECORD_KEY is not set" in (await lockstep("customer", "erase", "c-17")).err
