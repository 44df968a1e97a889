"""What earlier orders of the channel say of how long the way is."""

import pytest

from tests.api.conftest import Edge

pytestmark = pytest.mark.slow

# Delivered 1, 2, ... hours after they were paid; half an hour after the payment they were shipped.
EARLIER = """
    insert into orders select 'shop/tea/h-' || n, source_channel, shop_id, 'h-' || n, kind, currency, amount_minor,
      shipping_minor, customer_id, customer_note, recipient, phone_tail, '{}', '{}', placed_at, 'paid', 'completed',
      '{}', 'none', 'none', 'completed', recorded_at, updated_at
    from orders cross join generate_series(1, :orders) n where order_no = '1001'
"""
THEIR_WAY = """
    insert into audit_log
    select 'shop/tea/h-' || n, step.seq,
      timestamptz '2026-11-01' + step.hours * interval '1 hour',
      'test', 'test', step.change::jsonb, '{}', '', '', '', '', ''
    from generate_series(1, :orders) n cross join lateral (values
      (1, 0.0, '{"payment": ["unpaid", "paid"]}'),
      (2, 0.5, '{"fulfilment": ["pushed", "shipped"]}'),
      (3, n,   '{"fulfilment": ["shipped", "delivered"]}')) as step (seq, hours, change)
"""


async def told(edge: Edge, orders: int) -> dict[str, str]:
    for statement in (EARLIER, THEIR_WAY):
        await edge.sql(statement, orders=orders)
    found: dict[str, str] = (await edge.page("/track/1001.json?shop=tea")).json()["expected"]
    return found


async def test_with_enough_earlier_orders_the_range_is_theirs(edge: Edge) -> None:
    await edge.shipped()
    found = await told(edge, 41)
    assert found == {"earliest": "2026-11-22T14:34:00Z", "latest": "2026-11-23T22:34:00Z", "basis": "history"}


async def test_with_too_few_of_them_the_promise_counts(edge: Edge) -> None:
    await edge.shipped()
    assert (await told(edge, 29))["basis"] == "promise"


async def test_other_kinds_and_channels_say_nothing(edge: Edge) -> None:
    await edge.shipped()
    await told(edge, 41)
    await edge.sql("update orders set kind = 'presale' where order_no like 'h-%'")
    assert (await edge.page("/track/1001.json?shop=tea")).json()["expected"]["basis"] == "promise"
