"""Steps that write the central record: local activities, one transaction each."""

from collections.abc import Callable, Sequence

from temporalio import activity

from ports.records import (
    CancelledTooLate,
    CancelRequested,
    CaseOpened,
    CaseSettled,
    DueBack,
    GoodsStopAsked,
    GoodsStopped,
    OrderPlaced,
    OrderRecords,
    OrderStep,
    OrderView,
    ParcelReported,
    PaymentSettled,
    PushRecorded,
    RecipientAmended,
    RefundMoved,
)


class RecordActivities:
    def __init__(self, records: OrderRecords) -> None:
        self._records = records

    @activity.defn(name="records.load")
    async def load(self, step: OrderStep) -> OrderView:
        return await self._records.load(step)

    @activity.defn(name="records.place")
    async def place(self, fact: OrderPlaced) -> OrderView:
        return await self._records.place(fact)

    @activity.defn(name="records.record_payment")
    async def record_payment(self, fact: PaymentSettled) -> OrderView:
        """Verify the amount and update the record, under one lock."""
        return await self._records.record_payment(fact)

    @activity.defn(name="records.request_cancellation")
    async def request_cancellation(self, fact: CancelRequested) -> OrderView:
        return await self._records.request_cancellation(fact)

    @activity.defn(name="records.report_parcel")
    async def report_parcel(self, fact: ParcelReported) -> OrderView:
        return await self._records.report_parcel(fact)

    @activity.defn(name="records.amend_recipient")
    async def amend_recipient(self, fact: RecipientAmended) -> OrderView:
        return await self._records.amend_recipient(fact)

    @activity.defn(name="records.hear_of_refund")
    async def hear_of_refund(self, fact: RefundMoved) -> OrderView:
        return await self._records.hear_of_refund(fact)

    @activity.defn(name="records.due_back")
    async def due_back(self, step: OrderStep) -> DueBack | None:
        return await self._records.due_back(step)

    @activity.defn(name="records.reserve_stock")
    async def reserve_stock(self, step: OrderStep) -> OrderView:
        return await self._records.reserve_stock(step)

    @activity.defn(name="records.record_push")
    async def record_push(self, fact: PushRecorded) -> OrderView:
        return await self._records.record_push(fact)

    @activity.defn(name="records.complete")
    async def complete(self, step: OrderStep) -> OrderView:
        return await self._records.complete(step)

    @activity.defn(name="records.stop")
    async def stop(self, step: OrderStep) -> OrderView:
        return await self._records.stop(step)

    @activity.defn(name="records.cancel_too_late")
    async def cancel_too_late(self, fact: CancelledTooLate) -> OrderView:
        return await self._records.cancel_too_late(fact)

    @activity.defn(name="records.ask_goods_stop")
    async def ask_goods_stop(self, fact: GoodsStopAsked) -> OrderView:
        return await self._records.ask_goods_stop(fact)

    @activity.defn(name="records.stop_goods")
    async def stop_goods(self, fact: GoodsStopped) -> OrderView:
        return await self._records.stop_goods(fact)

    @activity.defn(name="records.open_case")
    async def open_case(self, fact: CaseOpened) -> OrderView:
        return await self._records.open_case(fact)

    @activity.defn(name="records.settle_case")
    async def settle_case(self, fact: CaseSettled) -> OrderView:
        return await self._records.settle_case(fact)

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        """What a worker registers."""
        return (
            self.load,
            self.place,
            self.record_payment,
            self.request_cancellation,
            self.report_parcel,
            self.amend_recipient,
            self.hear_of_refund,
            self.due_back,
            self.reserve_stock,
            self.record_push,
            self.complete,
            self.stop,
            self.cancel_too_late,
            self.ask_goods_stop,
            self.stop_goods,
            self.open_case,
            self.settle_case,
        )
