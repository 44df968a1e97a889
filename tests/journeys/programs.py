"""Our own programs as processes, to be killed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import TypeAdapter

from domain.limits import Limits
from runtime.child import Child
from runtime.config import AlipayAccountSettings, Settings, WechatPayAccountSettings
from runtime.local_house import LocalHouse, until_ready
from tests.journeys.staging import bound_socket


def environment(settings: Settings) -> dict[str, str]:
    """What a process must find around it to have these settings."""
    accounts = TypeAdapter(tuple[AlipayAccountSettings, ...]).dump_json(settings.alipay_accounts)
    others = TypeAdapter(tuple[WechatPayAccountSettings, ...]).dump_json(settings.wechatpay_accounts)
    listeners = [
        {"shop_id": each.shop_id, "stock_url": str(each.stock_url), "secrets": each.secrets.get_secret_value()}
        for each in settings.shop_listeners
    ]
    return {
        "DATABASE_URL": settings.database_url,
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "LOCKSTEP_RECORD_KEY": settings.record_key.get_secret_value(),
        "LOCKSTEP_PAYLOAD_KEYS": settings.payload_keys.get_secret_value(),
        "LOCKSTEP_ALIPAY_ACCOUNTS": accounts.decode(),
        "LOCKSTEP_WECHATPAY_ACCOUNTS": others.decode(),
        "LOCKSTEP_WAREHOUSE_URL": settings.warehouse_url,
        "LOCKSTEP_WAREHOUSE_TOKEN": settings.warehouse_token.get_secret_value(),
        "LOCKSTEP_WAREHOUSE_SECRETS": settings.warehouse_secrets.get_secret_value(),
        "LOCKSTEP_SHOP_LISTENERS": json.dumps(listeners),
        "LOCKSTEP_TIME_SCALE": str(settings.time_scale),
        "LOCKSTEP_LIMITS": TypeAdapter(Limits).dump_json(settings.limits).decode(),
    }


def local_house(settings: Settings, folder: Path) -> LocalHouse:
    """Makes API and worker processes with these settings; `folder` gets their logs, the API a port of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    with bound_socket() as taken:
        port = taken.getsockname()[1]
    return LocalHouse(
        folder, settings.database_url, settings.temporal_address, "", api_port=port, environment=environment(settings)
    )


@asynccontextmanager
async def running_api(house: LocalHouse) -> AsyncIterator[Child]:
    """An API process that is ready; whatever became of it, nothing of it is left."""
    child = house.api()
    child.start()
    try:
        await until_ready(f"{house.api_url}/health/ready", child)
        yield child
    finally:
        await child.stop()


@asynccontextmanager
async def running_worker(house: LocalHouse) -> AsyncIterator[Child]:
    child = house.worker()
    child.start()
    try:
        yield child
    finally:
        await child.stop()
