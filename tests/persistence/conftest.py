"""What tests of the record share."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence import shops
from tests.persistence.sending import EAST, Sending


@pytest.fixture
async def sending(record: AsyncEngine) -> Sending:
    async with record.begin() as db:
        await shops.add_shop(db, shops.Shop("shop", "east", "teahouse", "East", "alipay", "main"))
    opened = Sending(record)
    await opened.match(EAST, "GREEN", TEA_GREEN_250=1)
    return opened
