"""Parcels: what left the warehouse and arrived, and what the record knows of it."""

from typing import Any

from verify.comparison import Comparison, Side
from verify.dump import Dump, Json, order_of, reference_of, second, whole_second
from verify.record import Record

TOLD_BY = {"shipped_at": "parcel.shipped", "delivered_at": "parcel.delivered"}


def parcels(dump: Dump, record: Record) -> Comparison:
    """Each parcel that the warehouse told of is recorded with its times and contents, and no other is."""
    here = {f"{reference_of(row['order_id'])} {row['parcel_no']}": _recorded(row) for row in _shipments(record)}
    taken = {(each.reference, each.parcel_no, each.type) for each in dump.messages if each.is_taken}
    sent = {(each.reference, each.parcel_no, each.type) for each in dump.messages if each.is_sent}
    there, doubtful = {}, set()
    for reference, order in dump.pushed.items():
        for parcel in order.parcels:
            name = f"{reference_of(order_of(reference))} {parcel['parcel_no']}"
            messages = {time: (reference, parcel["parcel_no"], kind) for time, kind in TOLD_BY.items()}
            if sent.isdisjoint(messages.values()):
                continue
            if taken.isdisjoint(messages.values()):
                doubtful.add(name)
            heard = {
                time: message in taken or (message in sent and here.get(name, {}).get(time) is not None)
                for time, message in messages.items()
            }
            there[name] = _announced(parcel, heard)
    return Comparison(Side("parcels told of", there), Side("shipments", here), undecided=doubtful)


def _shipments(record: Record) -> list[dict[str, Any]]:
    return record.rows(
        "select order_id, parcel_no, carrier, waybill_no, contents, shipped_at, delivered_at from shipments"
    )


def _recorded(row: dict[str, Any]) -> dict[str, Any]:
    times = {time: whole_second(row[time]) if row[time] else None for time in TOLD_BY}
    return {"carrier": row["carrier"], "waybill_no": row["waybill_no"], "contents": row["contents"], **times}


def _announced(parcel: Json, heard: dict[str, bool]) -> dict[str, Any]:
    return {
        "carrier": parcel["carrier"],
        "waybill_no": parcel["waybill_no"],
        "contents": {line["line_id"]: line["quantity"] for line in parcel["lines"]},
        **{time: second(parcel[time]) if is_heard else None for time, is_heard in heard.items()},
    }
