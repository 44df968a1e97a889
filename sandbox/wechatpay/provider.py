"""WeChat Pay put together."""

from sandbox.courier import Courier
from sandbox.crew import Crew
from sandbox.faults import FaultBook
from sandbox.payments.provider import Provider
from sandbox.payments.trades import TradeBook
from sandbox.wechatpay.gateway import Gateway
from sandbox.wechatpay.keys import WechatPayKeys
from sandbox.wechatpay.notices import NoticeDesk, SealedNotice
from sandbox.wechatpay.signature import PlatformSigner

NUMBERS = "4200%Y%m%d%H%M%S%f"


class WechatPay(Provider[SealedNotice]):
    def __init__(self, keys: WechatPayKeys, faults: FaultBook, courier: Courier, crew: Crew) -> None:
        trades = TradeBook(keys.accounts.app_id, keys.accounts.mchid, NUMBERS)
        self.signer = PlatformSigner(keys)
        self.gateway = Gateway(keys, trades, self.signer, faults, courier.pace)
        super().__init__(trades, NoticeDesk(keys, trades, self.signer), self.gateway, faults, courier, crew)
