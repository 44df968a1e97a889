"""Signed links to an order's tracking page: who has one may see everything the page shows."""

import hmac

from domain.reference import OrderId
from persistence.sealing import keyed_hash
from runtime.config import Settings

PROOF_LENGTH = 32  # hex digits: 128 bits


def proof(settings: Settings, order_id: OrderId) -> str:
    return keyed_hash(settings.record_key_bytes, f"track/{order_id}")[:PROOF_LENGTH]


def is_proof(settings: Settings, order_id: OrderId, given: str) -> bool:
    return hmac.compare_digest(proof(settings, order_id).encode(), given.encode())


def signed_link(settings: Settings, order_id: OrderId) -> str:
    return f"{settings.public_url}/track/{order_id.order_no}?shop={order_id.shop_id}&proof={proof(settings, order_id)}"
