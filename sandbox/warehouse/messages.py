"""What the warehouse tells Lockstep about parcels, signed by the Standard Webhooks scheme."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from sandbox.courier import Courier, Delivery, Envelope
from sandbox.pace import CHINA, now
from sandbox.warehouse.outbound import Outbound, Parcel
from sandbox.webhooks import webhook_signature

PATH = "/webhooks/warehouse"
SHIPPED, DELIVERED, RETURNED = "parcel.shipped", "parcel.delivered", "return.received"
MINUTE, HOUR = 60.0, 3600.0
RETRY_AFTER = (
    *(minutes * MINUTE for minutes in (1, 2, 5, 10, 30)),
    *(hours * HOUR for hours in (1, 2, 4, 8, 12)),
)


@dataclass
class Message:
    webhook_id: str
    type: str
    reference: str
    parcel_no: str
    body: bytes
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def has_success(self) -> bool:
        return any(self.is_taken(delivery) for delivery in self.deliveries)

    def is_taken(self, delivery: Delivery) -> bool:
        return delivery.status in range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)

    def shown(self) -> dict[str, object]:
        return {
            "webhook_id": self.webhook_id,
            "type": self.type,
            "reference": self.reference,
            "parcel_no": self.parcel_no,
            "deliveries": [delivery.shown() for delivery in self.deliveries],
        }


class MessagePost:
    def __init__(self, secret: str, courier: Courier) -> None:
        self.sent: list[Message] = []
        self._secret = secret
        self._courier = courier

    async def tell_of_return(self, order: str, content: dict[str, object], occurred_at: datetime) -> None:
        """Comes back once the message was taken or given up."""
        told = {"type": RETURNED, **content, "occurred_at": occurred_at.astimezone(CHINA).isoformat(timespec="seconds")}
        await self._send(Message(f"msg_{secrets.token_hex(12)}", RETURNED, order, "", json.dumps(told).encode()))

    async def tell(self, type_: str, order: Outbound, parcel: Parcel, occurred_at: datetime) -> None:
        """Comes back once the message was taken or given up."""
        content = {
            "type": type_,
            "reference": order.reference,
            "parcel_no": parcel.parcel_no,
            "carrier": parcel.carrier,
            "waybill_no": parcel.waybill_no,
            "lines": parcel.wire_lines(),
            "occurred_at": occurred_at.astimezone(CHINA).isoformat(timespec="seconds"),
        }
        body = json.dumps(content, ensure_ascii=False).encode()
        await self._send(Message(f"msg_{secrets.token_hex(12)}", type_, order.reference, parcel.parcel_no, body))

    async def _send(self, message: Message) -> None:
        self.sent.append(message)
        await self._courier.deliver(message, self._writer(message), RETRY_AFTER)

    def _writer(self, message: Message) -> Callable[[], Envelope]:
        """Signed anew for each attempt: receivers refuse an old time stamp."""

        def write() -> Envelope:
            timestamp = int(now().timestamp())
            headers = {
                "Content-Type": "application/json",
                "webhook-id": message.webhook_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": webhook_signature(self._secret, message.webhook_id, timestamp, message.body),
            }
            return Envelope(PATH, headers, message.body)

        return write
