"""A new order's rows, in one statement."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.order import Order
from persistence.order_rows import Loaded, axes, loaded
from persistence.sheet import as_json
from ports.records import OrderPlaced

_INSERT = text(
    """
    with placed as (
      insert into orders
        (id, source_channel, shop_id, order_no, kind, currency, amount_minor, shipping_minor, customer_id,
         customer_note, recipient, phone_tail, placed_at, recorded_at, address_gaps, unmatched, payment, fulfilment,
         holds, after_sale, cancellation, stage, updated_at)
      select x.* from jsonb_to_recordset(:orders) as x(
        id text, source_channel text, shop_id text, order_no text, kind text, currency text, amount_minor bigint,
        shipping_minor bigint, customer_id text, customer_note text, recipient text, phone_tail text,
        placed_at timestamptz, recorded_at timestamptz, address_gaps text[], unmatched text[], payment text,
        fulfilment text, holds text[], after_sale text, cancellation text, stage text, updated_at timestamptz)
      returning id, source_channel, shop_id
    ),
    lined as (
      insert into order_lines
        (order_id, line_id, position, platform_sku, title, quantity, list_price_minor, merchant_discount_minor,
         platform_subsidy_minor, cash_minor, gift_of)
      select x.* from jsonb_to_recordset(:lines) as x(
        order_id text, line_id text, position int, platform_sku text, title text, quantity int, list_price_minor bigint,
        merchant_discount_minor bigint, platform_subsidy_minor bigint, cash_minor bigint, gift_of text)
    ),
    planned as (
      insert into payment_plan (order_id, part, amount_minor, pay_until)
      select x.* from jsonb_to_recordset(:plan)
        as x(order_id text, part int, amount_minor bigint, pay_until timestamptz)
    )
    select s.provider, s.account, s.reserve_on_order, h.seq as audit_seq, h.hash as audit_hash,
      (select coalesce(json_agg(x order by x.opened_at, x.id), '[]') from cases x
       where x.order_id = p.id and x.refund_id is null and x.settled_at is null) as open_cases
    from placed p
    join shops s on s.channel = p.source_channel and s.shop_id = p.shop_id
    left join audit_heads h on h.order_id = p.id
    """
)


async def insert_order(db: AsyncConnection, fact: OrderPlaced, order: Order, now: datetime) -> Loaded:
    """The rows that never change after, and the axes as they are; those are written by `difference` from now on."""
    row = {
        "id": str(order.id),
        "source_channel": order.id.channel,
        "shop_id": order.id.shop_id,
        "order_no": order.id.order_no,
        "kind": order.kind,
        "currency": order.shipping.currency,
        "amount_minor": order.amount.amount_minor,
        "shipping_minor": order.shipping.amount_minor,
        "customer_id": fact.customer_id,
        "customer_note": fact.customer_note,
        "recipient": fact.recipient,
        "phone_tail": fact.phone_tail,
        "placed_at": order.placed_at,
        "recorded_at": now,
        **axes(order, now),
    }
    plan = [
        {
            "order_id": str(order.id),
            "part": part.part,
            "amount_minor": part.amount.amount_minor,
            "pay_until": part.pay_until,
        }
        for part in order.plan
    ]
    lines = [_line_row(order, n) for n in range(len(order.lines))]
    found = (
        (await db.execute(_INSERT, {"orders": as_json([row]), "lines": as_json(lines), "plan": as_json(plan)}))
        .mappings()
        .one()
    )
    return loaded(order, dict(found))


def _line_row(order: Order, position: int) -> dict[str, Any]:
    line = order.lines[position]
    return {
        "order_id": str(order.id),
        "line_id": line.line_id,
        "position": position,
        "platform_sku": line.platform_sku,
        "title": line.title,
        "quantity": line.quantity,
        "list_price_minor": line.list_price.amount_minor,
        "merchant_discount_minor": line.merchant_discount.amount_minor,
        "platform_subsidy_minor": line.platform_subsidy.amount_minor,
        "cash_minor": line.cash.amount_minor,
        "gift_of": line.gift_of,
    }
