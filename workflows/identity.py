"""Every name that Temporal knows us by, each built in one place."""

from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.reference import OrderId

ORDERS = "orders"  # task queues: one for our own steps, one for each class of outside system
PAYMENTS = "payments"
WAREHOUSE = "warehouse"
OUTBOX = "outbox"
TASK_QUEUES = (ORDERS, PAYMENTS, WAREHOUSE, OUTBOX)

CHANNEL = SearchAttributeKey.for_keyword("LockstepChannel")
SHOP = SearchAttributeKey.for_keyword("LockstepShop")
STAGE = SearchAttributeKey.for_keyword("LockstepStage")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("LockstepNeedsAttention")
SEARCH_ATTRIBUTES: tuple[SearchAttributeKey[Any], ...] = (CHANNEL, SHOP, STAGE, NEEDS_ATTENTION)


def order_workflow_id(order_id: OrderId) -> str:
    return f"order/{order_id}"


def outbox_workflow_id() -> str:
    """There is one for the whole installation."""
    return "outbox"


def transaction_id(workflow_id: str, verb: str) -> str:
    """The name of one money movement or outside call, and its idempotency key: never random, the same on each retry."""
    return f"{workflow_id}/{verb}"


def about_outbound(verb: str, number: int) -> str:
    """The first outbound order of an order goes without its number: `push`, then `push/2`."""
    return verb if number == 1 else f"{verb}/{number}"


def order_search_attributes(order_id: OrderId, stage: str) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(CHANNEL, order_id.channel),
            SearchAttributePair(SHOP, order_id.shop_id),
            SearchAttributePair(STAGE, stage),
            SearchAttributePair(NEEDS_ATTENTION, value=False),
        ]
    )
