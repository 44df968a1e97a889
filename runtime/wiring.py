"""The composition root: which real thing stands behind each port. No business here."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.worker import Worker

from activities.after_sales import AfterSaleActivities
from activities.approvers import ApproverActivities
from activities.messages import MessageActivities
from activities.news import NewsSender
from activities.outbox import OutboxActivities
from activities.payments import PaymentActivities
from activities.records import RecordActivities
from activities.refunds import RefundActivities
from activities.undo import UndoActivities
from activities.warehouse import WarehouseActivities
from adapters.channels.bazaar import Bazaar, BazaarAccess
from adapters.channels.own_shop import OwnShop, ShopListener
from adapters.http import open_client, usual_transport
from adapters.news.console import ConsoleNews
from adapters.news.gateway import GatewayAccess, NewsGateway
from adapters.payments.alipay import Alipay, AlipayAccount
from adapters.payments.wechatpay import WechatPay, WechatPayAccount
from adapters.warehouse.http import HttpWarehouse, WarehouseAccess
from domain.reference import BAZAAR, OWN_SHOP, ShopId
from persistence.approvers import PostgresApprovers
from persistence.brake import PostgresBrake
from persistence.customers import Customers
from persistence.engine import Engine
from persistence.engine import connect as connect_record
from persistence.evidence import Evidence
from persistence.failures import AddressUnreadable, in_words
from persistence.news_outbox import PostgresNewsOutbox
from persistence.orders import PostgresOrders
from persistence.outbox import PostgresOutbox
from persistence.refunds import PostgresRefunds
from persistence.reminders import PostgresReminders
from persistence.undo import PostgresUndo
from ports.after_sales import AfterSales
from ports.channels import Channel
from ports.clock import Clock, SystemClock
from ports.news import NewsCarrier
from ports.payments import PaymentProvider
from ports.warehouse import Warehouse
from runtime import reminder_settings, temporal
from runtime.attempts import AttemptLog
from runtime.bazaar_settings import BazaarShopSettings
from runtime.config import (
    AlipayAccountSettings,
    Settings,
    WechatPayAccountSettings,
)
from runtime.messenger import TemporalMessenger
from runtime.metrics import UNCOLLECTED, Metrics
from runtime.sender import StartsTheSender
from runtime.shop_settings import ShopListenerSettings
from runtime.starting import WrongSettings
from runtime.tracing import TracedTransport
from workflows import identity

GRACE = timedelta(seconds=30)  # what is in flight may end before a worker stops
HEARTBEAT = timedelta(seconds=2)  # of a long activity: some may be late before its worker counts as gone
STICKY = timedelta(seconds=4)  # an order's next task waits so long for the worker that knows it, then anybody takes it


@dataclass(frozen=True)
class House:
    """Everything one process needs, connected."""

    settings: Settings
    clock: Clock
    engine: Engine
    temporal: Client
    customers: Customers
    evidence: Evidence
    orders: PostgresOrders
    providers: dict[str, PaymentProvider]
    warehouse: Warehouse
    metrics: Metrics = UNCOLLECTED
    news: NewsCarrier = field(default_factory=ConsoleNews)
    channels: dict[ShopId, Channel] = field(default_factory=dict)
    """Those that are told something."""
    platforms: Mapping[ShopId, AfterSales] = field(default_factory=dict)
    """Marketplaces, which move the money of their refunds."""


@asynccontextmanager
async def open_house(
    settings: Settings, clock: Clock | None = None, metrics: Metrics = UNCOLLECTED
) -> AsyncIterator[House]:
    """Raises CannotStart."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        engine = _engine(settings)
        stack.push_async_callback(engine.dispose)
        outside = await stack.enter_async_context(open_client(transport=TracedTransport(usual_transport())))
        customers = Customers(settings.record_key_bytes, clock)
        access = WarehouseAccess(
            settings.warehouse_url, settings.warehouse_token.get_secret_value(), settings.warehouse_secret_list
        )
        try:  # every key and secret is looked at here
            providers = {provider.name: provider for provider in _providers(settings, outside, clock)}
            warehouse = HttpWarehouse(access, outside, clock)
            channels = dict(_own_shop(each, outside, clock) for each in settings.shop_listeners)
            platforms = dict(_bazaar(each, outside, clock) for each in settings.bazaar_shops)
        except (ValueError, OSError) as wrong:
            raise WrongSettings(str(wrong)) from wrong
        yield House(
            settings,
            clock,
            engine,
            await temporal.connect(settings),
            customers,
            Evidence(settings.record_key_bytes),
            PostgresOrders(
                engine, customers, clock, settings.scaled_limits, metrics, pays_back=settings.due_back_by_itself
            ),
            providers,
            warehouse,
            metrics,
            _news(settings, outside),
            channels,
            platforms,
        )


def _news(settings: Settings, outside: httpx.AsyncClient) -> NewsCarrier:
    if settings.news.gateway_url is None:
        return ConsoleNews()
    access = GatewayAccess(str(settings.news.gateway_url), settings.news.token.get_secret_value())
    return NewsGateway(access, outside)


def _engine(settings: Settings) -> Engine:
    try:
        with in_words():
            return connect_record(settings.database_url, pool_size=settings.database_pool)
    except AddressUnreadable as unreadable:
        raise WrongSettings(str(unreadable)) from unreadable


def _providers(settings: Settings, outside: httpx.AsyncClient, clock: Clock) -> tuple[PaymentProvider, ...]:
    return (
        Alipay([_alipay_account(each) for each in settings.alipay_accounts], outside, clock),
        WechatPay([_wechatpay_account(each) for each in settings.wechatpay_accounts], outside, clock),
    )


def _alipay_account(account: AlipayAccountSettings) -> AlipayAccount:
    return AlipayAccount(
        account.name,
        account.app_id,
        account.seller_id,
        tuple(file.read_text() for file in account.alipay_public_key_files),
        account.app_private_key_file.read_text(),
        account.gateway_url,
    )


def _wechatpay_account(account: WechatPayAccountSettings) -> WechatPayAccount:
    return WechatPayAccount(
        account.name,
        account.mchid,
        account.app_ids,
        {key_id: file.read_text() for key_id, file in account.platform_key_files.items()},
        tuple(file.read_text().strip() for file in account.api_v3_key_files),
        account.merchant_serial,
        account.merchant_private_key_file.read_text(),
        account.api_url,
    )


def _own_shop(listener: ShopListenerSettings, outside: httpx.AsyncClient, clock: Clock) -> tuple[ShopId, Channel]:
    shop = ShopId(OWN_SHOP, listener.shop_id)
    try:
        return shop, OwnShop(shop, ShopListener(str(listener.stock_url), listener.secret_list), outside, clock)
    except ValueError as wrong:
        raise ValueError(f"LOCKSTEP_SHOP_LISTENERS ({listener.shop_id}): {wrong}") from wrong


def _bazaar(settings: BazaarShopSettings, outside: httpx.AsyncClient, clock: Clock) -> tuple[ShopId, Bazaar]:
    shop = ShopId(BAZAAR, settings.shop_id)
    access = BazaarAccess(str(settings.api_url), settings.token.get_secret_value(), settings.secret_list)
    try:
        return shop, Bazaar(shop, access, outside, clock)
    except ValueError as wrong:
        raise ValueError(f"LOCKSTEP_BAZAAR_SHOPS ({settings.shop_id}): {wrong}") from wrong


def workers(house: House) -> list[Worker]:
    """One per task queue that this process serves: our own steps, and one for each class of outside system."""
    brake = PostgresBrake(house.engine)
    of_money = [*PaymentActivities(house.providers, brake).all, *AfterSaleActivities(house.platforms, brake).all]
    records = RecordActivities(house.orders)
    messages = MessageActivities(TemporalMessenger(house.temporal))
    warehouse = WarehouseActivities(house.warehouse, house.orders)
    limits = house.settings.scaled_limits
    refunds = [
        *RefundActivities(PostgresRefunds(house.engine, house.clock, limits, house.metrics)).all,
        *ApproverActivities(PostgresApprovers(house.engine)).all,
        *UndoActivities(PostgresUndo(house.engine, house.clock)).all,
        *messages.all,
    ]
    outbox = PostgresOutbox(house.engine, house.clock, limits, house.metrics)
    own_limits = reminder_settings.scaled(house.settings.reminder_limits, house.settings.time_scale)
    watch = PostgresReminders(house.engine, house.clock, limits, own_limits, house.metrics)
    times = house.settings.news.times(house.settings.time_scale)
    waiting = PostgresNewsOutbox(house.engine, house.customers, house.clock, times)
    news = NewsSender(waiting, house.news, house.clock, limits)
    sending = OutboxActivities(outbox, house.channels, watch, news, house.clock, limits)
    served = {
        identity.ORDERS: lambda: _worker(
            house,
            identity.ORDERS,
            [*records.all, *messages.all],
            workflows=temporal.WORKFLOWS,
            no_remote_activities=True,
            max_concurrent_local_activities=house.settings.database_pool,  # more would only wait for a connection
        ),
        identity.REFUNDS: lambda: _worker(
            house, identity.REFUNDS, refunds, workflows=temporal.WORKFLOWS, no_remote_activities=True
        ),
        identity.PAYMENTS: lambda: _worker(house, identity.PAYMENTS, of_money),
        identity.WAREHOUSE: lambda: _worker(house, identity.WAREHOUSE, warehouse.all),
        identity.OUTBOX: lambda: _worker(house, identity.OUTBOX, sending.all, plugins=[StartsTheSender(limits)]),
    }
    chosen = house.settings.queue_list
    unknown = set(chosen) - set(served)
    if unknown:
        raise WrongSettings(f"LOCKSTEP_QUEUES names {', '.join(sorted(unknown))}: choose from {', '.join(served)}")
    return [served[queue]() for queue in chosen]


def _worker(house: House, queue: str, activities: Sequence[Callable[..., object]], **options: Any) -> Worker:
    return Worker(
        house.temporal,
        task_queue=queue,
        activities=activities,
        workflow_runner=temporal.workflow_runner(),
        interceptors=[AttemptLog(house.metrics)],
        graceful_shutdown_timeout=GRACE,
        max_heartbeat_throttle_interval=HEARTBEAT,
        sticky_queue_schedule_to_start_timeout=STICKY,
        **options,
    )
