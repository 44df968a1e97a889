"""What another system did wrongly is undone, trade by trade."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.messages import MessageActivities
from activities.payments import PaymentActivities
from activities.undo import UndoActivities
from ports.payments import TradeAnswer, TradeQuestion, TradeState
from ports.records import PaymentSettled
from ports.undo import ItemEnded, ItemState, UndoItem, UndoStart, UndoTurn
from workflows import identity, options


@workflow.defn(name="UndoWorkflow")
class UndoWorkflow:
    """One plan that two people released: docs/sop.md, section 10."""

    @workflow.run
    async def run(self, start: UndoStart) -> None:
        item = await self._next(UndoTurn(start.plan_id))
        while item is not None:
            workflow.set_current_details(f"trade {item.number}: {item.trade.trade_no} of order {item.order_id}")
            ended = await self._undone(start, item)
            await workflow.sleep(start.pause)
            item = await self._next(UndoTurn(start.plan_id, ended))
            if item is not None and workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start)

    # The steps, for each trade

    async def _next(self, turn: UndoTurn) -> UndoItem | None:
        """What came of the last one is written; no next one once somebody has cancelled the rest."""
        item: UndoItem | None = await workflow.execute_local_activity_method(
            UndoActivities.next_item, turn, **options.RECORD
        )
        return item

    async def _undone(self, start: UndoStart, item: UndoItem) -> ItemEnded:
        """The provider must say that it has this money; then the order is told, and gives back what is too much."""
        try:
            answer = await workflow.execute_activity_method(
                PaymentActivities.query_trade, self._question(item), **options.provider_call(start.limits)
            )
        except ActivityError:
            return ItemEnded(item.number, ItemState.UNCLEAR, "the provider gave no answer")
        if said := _otherwise(item, answer):
            return ItemEnded(item.number, ItemState.DIFFERS, said)
        fact = PaymentSettled(item.order_id, item.trade.capture, source=workflow.info().workflow_id)
        await workflow.execute_local_activity_method(MessageActivities.settle_payment, fact, **options.RECORD)
        return ItemEnded(item.number, ItemState.TOLD)

    def _question(self, item: UndoItem) -> TradeQuestion:
        name = identity.transaction_id(workflow.info().workflow_id, f"query/{item.number}")
        return TradeQuestion(item.trade.provider, item.trade.account, item.trade.out_trade_no, name)


def _otherwise(item: UndoItem, answer: TradeAnswer) -> str:
    """Empty where the provider has just this money."""
    if answer.state is not TradeState.PAID:
        return f"the provider says that it is {answer.state}"
    if (answer.trade_no, answer.amount) != (item.trade.trade_no, item.trade.amount):
        return f"the provider says {answer.amount} by trade {answer.trade_no}"
    return ""
