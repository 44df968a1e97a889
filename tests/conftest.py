"""Servers shared by all tests: one Postgres whose migrated template is cloned per test, one Temporal of each kind."""

import itertools
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence import shops, stock
from persistence.engine import connect
from persistence.migrate import migrate
from persistence.tables import outbox
from ports.provenance import PROVENANCE, Provenance
from runtime.embedded import EmbeddedPostgres
from tests.builders import NOON
from tests.collected import collected
from tests.spans import spans, tracing

__all__ = ["collected", "spans", "tracing"]

_numbers = itertools.count(1)
SKUS = (
    "TEA-GREEN-250",
    "TEA-BLACK-250",
    "TEA-OOLONG-100",
    "TEA-PUER-357",
    "TEA-JASMINE-100",
    "TEA-CUP",
    "CUP-WHITE",
)
TOOLS = ("TOOL-HAMMER", "TOOL-SAW", "TOOL-PLIERS", "TOOL-DRILL", "TOOL-GLOVES")


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[EmbeddedPostgres]:
    async with EmbeddedPostgres.throwaway() as server:
        yield server


@pytest.fixture(scope="session")
async def template(postgres: EmbeddedPostgres) -> str:
    """A migrated record with one entity, two shops and their stock: one paid by Alipay, one by WeChat Pay."""
    engine = connect(await postgres.create_database("template_record"))
    await migrate(engine)
    async with engine.begin() as db:
        await shops.add_entity(db, "teahouse", "Tea House Ltd", "Asia/Shanghai")
        await shops.add_shop(db, shops.Shop("shop", "tea", "teahouse", "Tea shop", "alipay", "main"))
        await shops.add_shop(db, shops.Shop("shop", "tools", "teahouse", "Tool shop", "wechatpay", "tools"))
        for shop_id, sku in [*(("tea", sku) for sku in SKUS), *(("tools", sku) for sku in TOOLS)]:
            await stock.set_level(db, sku, 1000)
            component = {"sku": sku, "quantity": 1, "price_weight": 1}
            await stock.add_match(db, ("shop", shop_id, sku), [component], NOON)
        box = [
            {"sku": "TEA-GREEN-250", "quantity": 1, "price_weight": 68},
            {"sku": "CUP-WHITE", "quantity": 2, "price_weight": 15},
        ]
        await stock.add_match(db, ("shop", "tea", "TEA-GIFTBOX"), box, NOON)
        await db.execute(delete(outbox))  # of all this the shop has been told
    await engine.dispose()
    return "template_record"


@pytest.fixture
async def record_url(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    name = f"record_{next(_numbers)}"
    yield await postgres.create_database(name, template)
    await postgres.drop_database(name)


@pytest.fixture
async def record(record_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine over a fresh record; steps outside a workflow count as `test`."""
    token = PROVENANCE.set(Provenance("test"))
    engine = connect(record_url, pool_size=5)
    yield engine
    await engine.dispose()
    PROVENANCE.reset(token)
