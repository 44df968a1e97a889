"""Alipay put together."""

from sandbox.alipay.gateway import Gateway
from sandbox.alipay.notices import FormNotice, NoticeDesk
from sandbox.courier import Courier
from sandbox.crew import Crew
from sandbox.faults import FaultBook
from sandbox.payments.provider import Provider
from sandbox.payments.refunds import RefundBook
from sandbox.payments.trades import TradeBook
from sandbox.world import World

NUMBERS = "%Y%m%d2200%H%M%S%f"


class Alipay(Provider[FormNotice]):
    def __init__(self, world: World, faults: FaultBook, courier: Courier, crew: Crew) -> None:
        trades = TradeBook(world.accounts.app_id, world.accounts.seller_id, NUMBERS)
        refunds = RefundBook(trades, faults, courier.pace, crew)
        self.gateway = Gateway(world, trades, refunds, faults)
        self.desk = NoticeDesk(world, trades)
        super().__init__(trades, self.desk, self.gateway, faults, courier, crew)
        refunds.tell = lambda refund: self.post.tell(self.desk.write(refund.trade))
