"""Every name that Temporal knows us by, each built in one place."""

import hashlib
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.reference import OrderId

ORDERS = "orders"  # task queues: one for our own steps, one for each class of outside system
PAYMENTS = "payments"
WAREHOUSE = "warehouse"
OUTBOX = "outbox"
REFUNDS = "refunds"
TASK_QUEUES = (ORDERS, REFUNDS, PAYMENTS, WAREHOUSE, OUTBOX)

CHANNEL = SearchAttributeKey.for_keyword("LockstepChannel")
SHOP = SearchAttributeKey.for_keyword("LockstepShop")
STAGE = SearchAttributeKey.for_keyword("LockstepStage")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("LockstepNeedsAttention")
SEARCH_ATTRIBUTES: tuple[SearchAttributeKey[Any], ...] = (CHANNEL, SHOP, STAGE, NEEDS_ATTENTION)


def order_workflow_id(order_id: OrderId) -> str:
    return f"order/{order_id}"


def refund_workflow_id(refund_id: str) -> str:
    return f"refund/{refund_id}"


def refund_id(order_id: OrderId, idempotency_key: str) -> str:
    """The own shop's: the same request is the same refund, however often it is sent."""
    return hashlib.sha256(f"{order_id} {idempotency_key}".encode()).hexdigest()[:16]


def due_refund_id(order_id: OrderId, number: int) -> str:
    """Of what goes back by itself. No request has this name: theirs is after a space."""
    return hashlib.sha256(f"{order_id}/due back/{number}".encode()).hexdigest()[:16]


def platform_refund_id(order_id: OrderId, number: str) -> str:
    """A marketplace's: its own number of the after-sale, so whatever it tells of it finds one refund."""
    return f"{order_id.channel}-{order_id.shop_id}-{number}"


def undo_workflow_id(plan_id: str) -> str:
    return f"undo/{plan_id}"


def outbox_workflow_id() -> str:
    """There is one for the whole installation."""
    return "outbox"


def transaction_id(workflow_id: str, verb: str) -> str:
    """The name of one money movement or outside call, and its idempotency key: never random, the same on each retry."""
    return f"{workflow_id}/{verb}"


def about_outbound(verb: str, number: int) -> str:
    """The first outbound order of an order goes without its number: `push`, then `push/2`."""
    return verb if number == 1 else f"{verb}/{number}"


def search_attributes(order_id: OrderId, stage: str) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(CHANNEL, order_id.channel),
            SearchAttributePair(SHOP, order_id.shop_id),
            SearchAttributePair(STAGE, stage),
            SearchAttributePair(NEEDS_ATTENTION, value=False),
        ]
    )
