"""A small world told twice: as rows of the record and as the outside's dump, so that both agree.

Each method is one thing that happens to one order, and writes both sides of it.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from persistence.audit import GENESIS, entry_hash
from tests.verify.two_shops import ASKED, OWN, REFUSAL, SUCCESS, order_of, provider_of, reference_of, shop_of

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
BOX = (
    {"sku": "TEA-GREEN-250", "quantity": 1, "cash_minor": 11657},
    {"sku": "CUP-WHITE", "quantity": 2, "cash_minor": 5143},
)
PRICES = {"TEA-GREEN-250": 6800, "CUP-WHITE": 1500, "TEA-GIFTBOX": 16800, "TEA-SECRET-50": 5200, "TOOL-HAMMER": 4900}
FREIGHT = 800

Rows = dict[str, list[dict[str, Any]]]


def moment(minutes: int = 0) -> datetime:
    return NOON + timedelta(minutes=minutes)


def shown(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")


def taken(answer: str = "success", status: int = 200) -> dict[str, Any]:
    return {"at": shown(NOON), "status": status, "answer": answer}


class SmallWorld:
    def __init__(self) -> None:
        self.rows: Rows = defaultdict(list)
        self.dump: dict[str, Any] = {
            "dumped_at": shown(moment(90)),
            "alipay": {"trades": [], "notices": [], "calls": []},
            "wechatpay": {"trades": [], "notices": [], "calls": []},
            "warehouse": {"outbound": [], "calls": [], "messages": [], "stock": {}},
            "shop": {"orders": [], "listening": ["tea"], "levels": []},
        }

    # The shop

    def place(self, no: str, sku: str = "TEA-GREEN-250", quantity: int = 2) -> None:
        order_id, cash = order_of(no), PRICES[sku] * quantity
        line = {
            "line_id": "1",
            "platform_sku": sku,
            "title": sku,
            "quantity": quantity,
            "list_price_minor": PRICES[sku],
        }
        line |= {"merchant_discount_minor": 0, "platform_subsidy_minor": 0, "gift_of": None}
        self.dump["shop"]["orders"].append(
            {"order_no": no, "shop_id": shop_of(no)[0], "reference": reference_of(no), "amount_minor": cash + FREIGHT}
            | {"placed_at": shown(NOON), "accepted_at": shown(NOON), "fault": None, "cancelled": False, "lines": [line]}
            | {"deliveries": [taken("{}", 202)]}
        )
        self.rows["orders"].append(
            {"id": order_id, "source_channel": "shop", "shop_id": shop_of(no)[0], "order_no": no, "kind": "standard"}
            | {"currency": "CNY", "amount_minor": cash + FREIGHT, "shipping_minor": FREIGHT, "customer_id": "c-1"}
            | {"customer_note": "", "recipient": "", "phone_tail": "", "address_gaps": [], "placed_at": NOON}
            | {"unmatched": ["1"] if sku == "TEA-SECRET-50" else [], "payment": "unpaid", "fulfilment": "waiting"}
            | {"holds": [], "after_sale": "none", "cancellation": "none", "stage": "any", "recorded_at": NOON}
            | {"updated_at": NOON}
        )
        self.rows["order_lines"].append({"order_id": order_id, "position": 0, **line, "cash_minor": cash})
        self.rows["payment_plan"].append(
            {"order_id": order_id, "part": 1, "amount_minor": cash + FREIGHT, "pay_until": moment(30)}
        )
        for number, need in enumerate(self._needs(sku, quantity, cash), start=1):
            line_id = f"1.{number}" if sku == "TEA-GIFTBOX" else "1"
            self.rows["demands"].append({"order_id": order_id, "line_id": line_id, **need})
        self.evidence(f"shop {shop_of(no)[0]}", order_id, order_id, "accepted")
        self.audit(no, "place", {"amount": "any"})

    def _needs(self, sku: str, quantity: int, cash: int) -> list[dict[str, Any]]:
        if sku == "TEA-GIFTBOX":
            return [{**part, "quantity": int(str(part["quantity"])) * quantity} for part in BOX]
        return [] if sku == "TEA-SECRET-50" else [{"sku": sku, "quantity": quantity, "cash_minor": cash}]

    def cancel(self, no: str) -> None:
        self._one(self.dump["shop"]["orders"], order_no=no)["cancelled"] = True
        self.move(no, "request_cancellation", cancellation="requested")

    # The provider

    def trade(self, number: str, amount_minor: int, state: str, paid_at: datetime | None) -> str:
        trade_no = f"T{number}"
        shop, provider, _ = shop_of(number)
        self.dump[provider]["trades"].append(
            {
                "trade_no": trade_no,
                "out_trade_no": f"{shop}_{number}",
                **OWN[provider],
                "amount_minor": amount_minor,
                "currency": "CNY",
            }
            | {"state": state, "opened_at": shown(NOON), "paid_at": shown(paid_at) if paid_at else None}
            | {"closed_at": None, "refunded_minor": 0, "fault": None}
        )
        return trade_no

    def pay(self, no: str, amount_minor: int | None = None, *, part: int = 1, told: bool = True) -> None:
        """Money in full unless an amount is given; without being told of it, we ask."""
        order = self._one(self.rows["orders"], order_no=no)
        amount = amount_minor or order["amount_minor"]
        matched = part == 1 and amount == order["amount_minor"]
        number = no if part == 1 else f"{no}_{part}"
        shop, provider, account = shop_of(no)
        trade_no = self.trade(number, amount, "paid", moment(3) + timedelta(milliseconds=250))
        if told:
            self.notice(f"N{number}", trade_no, "accepted", provider=provider)
            self.evidence(provider, f"N{number}", order["id"], "accepted")
        else:
            call = {"at": shown(NOON), "out_trade_no": f"{shop}_{number}"}
            self.dump[provider]["calls"].append(call | ASKED[provider])
        source = "notice" if told else "query"
        self.rows["payments"].append(
            {"provider": provider, "account": account, "trade_no": trade_no, "order_id": order["id"], "part": part}
            | {"amount_minor": amount, "currency": "CNY", "paid_at": moment(3), "matched": matched, "source": source}
            | {"recorded_at": NOON}
        )
        apart = {"provider_receivable": amount, "held_apart": -amount}
        whole = {"provider_receivable": amount, "buyer_cash": FREIGHT - amount, "freight": -FREIGHT}
        kind, postings = ("captured", whole) if matched else ("held_apart", apart)
        self.book(no, kind, f"{provider}/{account}/{trade_no}", postings)
        told_as = {"amount": f"{amount / 100:.2f} CNY", "trade": trade_no, "source": source}
        self.move(no, "record_payment", told_as, **({"payment": "paid"} if matched else {}))

    def notice(
        self, notify_id: str, trade_no: str, expected: str, reason: str | None = None, *, provider: str = "alipay"
    ) -> None:
        heard = REFUSAL[provider] if expected == "refused" else SUCCESS[provider]
        self.dump[provider]["notices"].append(
            {"notify_id": notify_id, "trade_no": trade_no, "expected": expected, "expected_reason": reason}
            | {"deliveries": [taken(*heard)]}
        )

    def impostor(self, no: str, reason: str) -> None:
        self.notice(f"F{no}-{reason}", f"T{no}", "refused", reason, provider=provider_of(no))
        self.evidence(provider_of(no), f"F{no}-{reason}", None, "refused", reason)

    def other_content(self, no: str) -> None:
        self.notice(f"N{no}", f"T{no}", "quarantined")
        self.evidence("alipay", f"N{no}", order_of(no), "quarantined", "other_content")
        self.case(no, "other_content", f"T{no}")

    # The warehouse

    def push(self, no: str, contents: Mapping[str, int] | None = None, number: int = 1) -> None:
        """All of it, unless `contents` says what is there; a further number is the rest of a split order."""
        order_id, reference, key = order_of(no), reference_of(no), f"order/{order_of(no)}/push"
        if number > 1:
            reference, key = f"{reference}.{number}", f"{key}/{number}"
        outbound_no = f"OB{no}" if number == 1 else f"OB{no}.{number}"
        demands = [row for row in self.rows["demands"] if row["order_id"] == order_id]
        units = dict(contents or {row["line_id"]: row["quantity"] for row in demands})
        lines = [{"line_id": each, "sku": self._sku(no, each), "quantity": count} for each, count in units.items()]
        self.dump["warehouse"]["outbound"].append(
            {"reference": reference, "outbound_no": outbound_no, "state": "accepted", "parcels": []}
            | {"lines": lines, "pushed_at": shown(moment(5)), "idempotency_keys": [key]}
        )
        for status in (503, 201):
            call = {"at": shown(NOON), "verb": "push", "reference": reference, "idempotency_key": key}
            self.dump["warehouse"]["calls"].append(call | {"parameters_sha256": f"sha {no}", "status": status})
        for line in lines:
            self._reserve(no, line)
        self.rows["outbound_orders"].append(
            {"order_id": order_id, "number": number, "reference": reference, "transaction_id": key}
            | {"contents": units, "outbound_no": outbound_no, "pushed_at": moment(5), "stopped": False}
        )
        if number == 1:
            self.move(no, "reserve_stock", fulfilment="reserved")
            self.move(no, "record_push", fulfilment="pushed")

    def _sku(self, no: str, line_id: str) -> str:
        return str(self._one(self.rows["demands"], order_id=order_of(no), line_id=line_id)["sku"])

    def _reserve(self, no: str, line: Mapping[str, Any]) -> None:
        key = {"order_id": order_of(no), "line_id": line["line_id"]}
        held = next((row for row in self.rows["reservations"] if key.items() <= row.items()), None)
        if held is None:
            held = {**key, "sku": line["sku"], "quantity": 0, "shipped": 0, "released": False}
            self.rows["reservations"].append(held)
        held["quantity"] += line["quantity"]

    def parcel(
        self, no: str, contents: Mapping[str, int], number: int = 1, *, outbound: int = 1, delivered: bool = True
    ) -> None:
        order_id, reference, parcel_no = order_of(no), reference_of(no), f"OB{no}-{number}"
        if outbound > 1:
            reference = f"{reference}.{outbound}"
        times = {"shipped_at": moment(20), "delivered_at": moment(40) if delivered else None}
        self._one(self.dump["warehouse"]["outbound"], reference=reference)["parcels"].append(
            {"parcel_no": parcel_no, "carrier": "sf", "waybill_no": f"SF{no}{number}", "state": "any"}
            | {"lines": [{"line_id": line_id, "quantity": units} for line_id, units in contents.items()]}
            | {name: at and (at + timedelta(hours=8)).isoformat()[:19] + "+08:00" for name, at in times.items()}
        )
        for kind in ("shipped", "delivered") if delivered else ("shipped",):
            webhook_id = f"msg-{parcel_no}-{kind}"
            message = {"webhook_id": webhook_id, "type": f"parcel.{kind}", "reference": reference}
            attempts = [taken("", 503), taken("", 204)]
            self.dump["warehouse"]["messages"].append(message | {"parcel_no": parcel_no, "deliveries": attempts})
            self.evidence("warehouse", webhook_id, order_id, "accepted")
        self.rows["shipments"].append(
            {"order_id": order_id, "parcel_no": parcel_no, "carrier": "sf", "waybill_no": f"SF{no}{number}"}
            | {"contents": dict(contents), **times}
        )
        for line_id, units in contents.items():
            self._one(self.rows["reservations"], order_id=order_id, line_id=line_id)["shipped"] += units

    # The record

    def stop(self, no: str, **moves: Any) -> None:
        """Nothing leaves: what is at the warehouse is stopped, all money is due back."""
        order_id = order_of(no)
        for row in [row for row in self.rows["outbound_orders"] if row["order_id"] == order_id]:
            self.stop_outbound(no, row["number"])
        for row in self.rows["reservations"]:
            row["released"] = row["released"] or row["order_id"] == order_id
        for paid in [row for row in self.rows["payments"] if row["order_id"] == order_id]:
            amount = paid["amount_minor"]
            postings = {"buyer_cash": amount - FREIGHT, "freight": FREIGHT, "refund_payable": -amount}
            about = f"{paid['provider']}/{paid['account']}/{paid['trade_no']}"
            self.book(no, "refund_due", about, postings)
            self.case(no, "refund_due", order_id)
        self.move(no, "stop", fulfilment="stopped", **moves)

    def stop_outbound(self, no: str, number: int) -> None:
        row = self._one(self.rows["outbound_orders"], order_id=order_of(no), number=number)
        row["stopped"] = True
        self._one(self.dump["warehouse"]["outbound"], reference=row["reference"])["state"] = "stopped"

    def drop(self, no: str, units: int, amount: int) -> None:
        """Units of line 1 will not come: their share of the cash is due back, their reservation is gone."""
        order_id = order_of(no)
        self._one(self.rows["demands"], order_id=order_id)["dropped"] = units
        demand, held = (self._one(self.rows[table], order_id=order_id) for table in ("demands", "reservations"))
        held["quantity"] = min(held["quantity"], demand["quantity"] - units)
        reference = f"{order_id}/rest/{units}"
        self.book(no, "refund_due", reference, {"buyer_cash": amount, "refund_payable": -amount})
        self.case(no, "refund_due", reference)

    def case(self, no: str, cause: str, subject: str, *, waits: bool = False) -> None:
        self.rows["cases"].append(
            {
                "id": f"case-{no}-{cause}",
                "order_id": order_of(no),
                "cause": cause,
                "subject": subject,
                "detail": ".",
            }
            | {"owner": "finance", "next_action": "look", "choices": ["close"], "waits": waits, "attempts": 0}
            | {"opened_at": NOON, "due_at": moment(1440)}
        )

    def move(self, no: str, step: str, about: Mapping[str, Any] | None = None, **axes: Any) -> None:
        order = self._one(self.rows["orders"], order_no=no)
        moved = {axis: [order[axis], target] for axis, target in axes.items()}
        order.update(axes)
        self.audit(no, step, {**moved, **(about or {})})

    def audit(self, no: str, step: str, change: Mapping[str, Any]) -> None:
        chain = [row for row in self.rows["audit_log"] if row["order_id"] == order_of(no)]
        previous = chain[-1]["hash"] if chain else GENESIS
        entry = {"order_id": order_of(no), "seq": len(chain) + 1, "at": NOON, "actor": "茶铺", "step": step}
        entry |= {"change": dict(change), "caused_by": [len(self.rows["inbound_events"])], "transaction_id": step}
        entry |= {"workflow_run": "run", "trace_id": ""}
        entry |= {"previous_hash": previous, "hash": entry_hash(entry, previous)}
        self.rows["audit_log"].append(entry)

    def book(self, no: str, kind: str, reference: str, postings: Mapping[str, int]) -> None:
        seq = len(self.rows["ledger_entries"]) + 1
        entry = {"seq": seq, "order_id": order_of(no), "kind": kind, "reference": reference}
        entry |= {"transaction_id": "any", "booked_at": NOON, "posting_count": len(postings)}
        self.rows["ledger_entries"].append(entry)
        for account, amount in postings.items():
            posting = {"entry_seq": seq, "account": account, "amount_minor": amount, "currency": "CNY"}
            self.rows["ledger_postings"].append(posting)

    def evidence(
        self, source: str, message_id: str, order_id: str | None, verdict: str, reason: str | None = None
    ) -> None:
        event = {"id": len(self.rows["inbound_events"]) + 1, "received_at": NOON, "source": source}
        event |= {"message_id": message_id, "kind": "any", "order_id": order_id, "fact_hash": message_id}
        event |= {"verdict": verdict, "reason": reason, "body": b"sealed"}
        self.rows["inbound_events"].append(event | {"applied_at": NOON if verdict == "accepted" else None})

    def _one(self, rows: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
        return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))
