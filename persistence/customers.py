"""Personal data: sealed with a key per customer; the keys themselves are wrapped by the installation's record key."""

import json
from dataclasses import asdict

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.reference import OrderId
from persistence import sealing
from persistence.edge_tables import customer_keys
from ports.clock import Clock
from ports.warehouse import Recipient

_KEEP_KEY = text(
    """
    insert into customer_keys (customer_id, wrapped_key, created_at) values (:customer, :wrapped, :now)
    on conflict (customer_id) do nothing
    """
)
_SEALED = text(
    """
    select o.customer_id, o.recipient, o.customer_note, k.wrapped_key
    from orders o left join customer_keys k on k.customer_id = o.customer_id where o.id = :id
    """
)


class Customers:
    """Seals and unseals; knows the record key."""

    def __init__(self, record_key: bytes, clock: Clock) -> None:
        self._record_key = record_key
        self._clock = clock

    async def key_of(self, db: AsyncConnection, customer_id: str, *, create: bool = False) -> bytes:
        """Raises SealBroken when the customer was erased."""
        query = select(customer_keys.c.wrapped_key).where(customer_keys.c.customer_id == customer_id)
        wrapped = (await db.execute(query)).scalar_one_or_none()
        if wrapped is None and create:
            fresh = sealing.seal(self._record_key, sealing.new_key(), customer_id)
            await db.execute(_KEEP_KEY, {"customer": customer_id, "wrapped": fresh, "now": self._clock.now()})
            wrapped = (await db.execute(query)).scalar_one()
        return self._unwrapped(customer_id, wrapped)

    def _unwrapped(self, customer_id: str, wrapped: bytes | None) -> bytes:
        if wrapped is None:
            raise sealing.SealBroken(f"customer {customer_id} has no key: erased")
        return sealing.unseal(self._record_key, wrapped, customer_id)

    async def seal_recipient(self, db: AsyncConnection, customer_id: str, recipient: Recipient) -> str:
        key = await self.key_of(db, customer_id, create=True)
        return sealing.to_text(sealing.seal(key, json.dumps(asdict(recipient)).encode(), customer_id))

    async def seal_note(self, db: AsyncConnection, customer_id: str, note: str) -> str:
        key = await self.key_of(db, customer_id, create=True)
        return sealing.to_text(sealing.seal(key, note.encode(), customer_id))

    async def recipient_and_note(self, db: AsyncConnection, order_id: OrderId) -> tuple[Recipient, str]:
        """In clear, for one push. Raises SealBroken."""
        row = (await db.execute(_SEALED, {"id": str(order_id)})).one()
        key = self._unwrapped(row.customer_id, row.wrapped_key)
        recipient = json.loads(sealing.unseal(key, sealing.from_text(row.recipient), row.customer_id))
        note = sealing.unseal(key, sealing.from_text(row.customer_note), row.customer_id).decode()
        return Recipient(**recipient), note

    def phone_tail(self, order_id: OrderId, phone: str) -> str:
        """A keyed hash of the last four digits, bound to the order: lets a buyer prove, shows nothing."""
        tail = "".join(char for char in phone if char.isdigit())[-4:]
        return sealing.keyed_hash(self._record_key, f"phone-tail/{order_id}/{tail}")

    async def erase(self, db: AsyncConnection, customer_id: str) -> bool:
        """Everything sealed for this customer is unreadable from now on. False when there was nothing."""
        done = await db.execute(delete(customer_keys).where(customer_keys.c.customer_id == customer_id))
        return done.rowcount == 1
