"""WeChat Pay put together."""

from sandbox.courier import Courier
from sandbox.crew import Crew
from sandbox.faults import FaultBook
from sandbox.payments.provider import Provider
from sandbox.payments.refunds import RefundBook
from sandbox.payments.trades import TradeBook
from sandbox.wechatpay.gateway import Gateway
from sandbox.wechatpay.keys import WechatPayKeys
from sandbox.wechatpay.notices import NoticeDesk, SealedNotice
from sandbox.wechatpay.refunds import APART, SETTLED_AFTER
from sandbox.wechatpay.signature import PlatformSigner

NUMBERS = "4200%Y%m%d%H%M%S%f"


class WechatPay(Provider[SealedNotice]):
    def __init__(self, keys: WechatPayKeys, faults: FaultBook, courier: Courier, crew: Crew) -> None:
        trades = TradeBook(keys.accounts.app_id, keys.accounts.mchid, NUMBERS)
        self.signer = PlatformSigner(keys)
        refunds = RefundBook(trades, faults, courier.pace, crew, settled_after=SETTLED_AFTER, apart=APART)
        self.gateway = Gateway(keys, trades, refunds, self.signer, faults, courier.pace)
        self.desk = NoticeDesk(keys, trades, self.signer)
        super().__init__(trades, self.desk, self.gateway, faults, courier, crew)
        refunds.tell = lambda refund: self.post.tell(self.desk.write_refund(refund))
