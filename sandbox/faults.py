"""Everything the outside world can get wrong, by name, and the book of what was asked for.

A fault is planted for one key (an out_trade_no, a warehouse reference, a shop id) or for every key (`*`) at one place,
and happens as often as `times` says. Whoever acts at that place takes it out of the book and misbehaves accordingly.
"""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

EVERY = "*"


class Fault(StrEnum):
    DUPLICATE = "duplicate"
    """`copies` of the notice at once, all under one notice id."""
    DUPLICATE_OTHER_ID = "duplicate_other_id"
    """`copies` of the notice at once, each under its own notice id, all about the same trade."""
    REPEATED = "repeated"
    """The notice comes again `copies` - 1 times although it was taken."""
    EARLY_NOTICE = "early_notice"
    """The buyer pays, and the notice is out, before the shop places the order."""
    DELIVERED_FIRST = "delivered_first"
    """The warehouse tells of the delivery before it tells of the shipping."""
    RETURN_DAMAGED = "return_damaged"
    """One unit of each line that comes back is damaged."""
    RETURN_SHORT = "return_short"
    """One unit of each line that was to come back does not."""
    DELAY = "delay"
    """A notice is sent, or a request is answered after its effect, `seconds` later (real ones)."""
    OUTAGE = "outage"
    """For `seconds` (real ones) every request is answered 503 and nothing has an effect."""
    SERVER_ERROR = "server_error"
    """500, and nothing happened."""
    LATE_ERROR = "late_error"
    """500, but the effect is done."""
    CUT = "cut"
    """The effect is done, then the connection is closed without an answer."""
    WRONG_AMOUNT = "wrong_amount"
    """The buyer pays another amount than the order asks for; the notice is genuine."""
    FORGED_SIGNATURE = "forged_signature"
    """A further notice that the provider never signed."""
    SIGN_TEST = "sign_test"
    """A further notice by which WeChat Pay probes whether its receiver looks at signatures."""
    STALE_NOTICE = "stale_notice"
    """A further notice, genuine, that somebody kept for ten minutes: WeChat Pay only."""
    FOREIGN_APP = "foreign_app"
    """A further notice, properly signed, for another merchant's app."""
    OTHER_SELLER = "other_seller"
    """A further notice, properly signed, for another seller."""
    OTHER_CURRENCY = "other_currency"
    """A further notice, properly signed, in US dollars."""
    OTHER_CONTENT = "other_content"
    """A further notice under the id of the genuine one, with another amount."""
    NO_NOTICE = "no_notice"
    """The buyer paid and nobody tells: only a query finds it."""
    PARTIAL_REFUND = "partial_refund"
    """Part of the money went back: Alipay says TRADE_SUCCESS a second time, WeChat Pay REFUND.SUCCESS."""
    FINISHED_AFTER_REFUND = "finished_after_refund"
    """A partial refund is told, then TRADE_FINISHED: Alipay only."""
    DOUBLE_PAYMENT = "double_payment"
    """The buyer pays a second trade, `{shop}_{order}_2`, for the same order."""
    NEVER_PAID = "never_paid"
    """The buyer opens the page, or not even that, and never pays."""
    CANCELLED_BEFORE_PAYMENT = "cancelled_before_payment"
    """The shop cancels an order that nobody has paid."""
    CANCELLED_AFTER_PAYMENT = "cancelled_after_payment"
    """The shop cancels an order that is paid."""
    KEY_ROTATION = "key_rotation"
    """From now on the provider signs its notices with its next key."""
    UNMATCHED_SKU = "unmatched_sku"
    """The shop sells something under a name that nobody has matched."""
    INCOMPLETE_ADDRESS = "incomplete_address"
    """The address ends at the district."""
    SHORT_OF_BALANCE = "short_of_balance"
    """The merchant's account has no money for this refund: nothing moves."""
    REFUND_SILENT = "refund_silent"
    """The refund stays under way for `seconds` (the world's)."""
    REFUND_CLOSED = "refund_closed"
    """The refund is closed, nothing moved: WeChat Pay only."""
    REFUND_REVERSED = "refund_reversed"
    """The refund is told as paid out, then as abnormal: WeChat Pay only.

    Alipay puts what a bank sends back on the buyer's balance: to the merchant it stays paid out.
    """
    NOTICE_FIRST = "notice_first"
    """The notice of the refund is out before its request is answered."""


class Place(StrEnum):
    """Where faults happen, and what the key is there."""

    TRADE = "trade"  # out_trade_no: paying and the notices about it
    GATEWAY = "gateway"  # out_trade_no: requests to Alipay
    WECHATPAY = "wechatpay"  # out_trade_no: requests to WeChat Pay
    REFUND = "refund"  # out_trade_no: requests for a refund, at both providers, and what becomes of it
    WAREHOUSE = "warehouse"  # reference: requests to the warehouse
    PARCEL = "parcel"  # reference: what the warehouse tells
    SHOP = "shop"  # shop id: what the shop is told
    SMS = "sms"  # message id: requests to the gateway that tells people
    BAZAAR = "bazaar"  # after-sale number: requests to the marketplace


OF_ONE_CALL = frozenset({Fault.DELAY, Fault.SERVER_ERROR, Fault.LATE_ERROR, Fault.CUT})
_OF_A_CALL = OF_ONE_CALL | {Fault.OUTAGE}
OF_A_REFUND = frozenset(
    {
        Fault.SHORT_OF_BALANCE,
        Fault.REFUND_SILENT,
        Fault.REFUND_CLOSED,
        Fault.REFUND_REVERSED,
        Fault.NOTICE_FIRST,
    }
)
POSSIBLE: dict[Place, frozenset[Fault]] = {
    Place.TRADE: frozenset(
        {
            Fault.DUPLICATE,
            Fault.DUPLICATE_OTHER_ID,
            Fault.REPEATED,
            Fault.EARLY_NOTICE,
            Fault.DELAY,
            Fault.WRONG_AMOUNT,
            Fault.FORGED_SIGNATURE,
            Fault.SIGN_TEST,
            Fault.STALE_NOTICE,
            Fault.FOREIGN_APP,
            Fault.OTHER_SELLER,
            Fault.OTHER_CURRENCY,
            Fault.OTHER_CONTENT,
            Fault.NO_NOTICE,
            Fault.PARTIAL_REFUND,
            Fault.FINISHED_AFTER_REFUND,
        }
    ),
    Place.GATEWAY: _OF_A_CALL,
    Place.WECHATPAY: _OF_A_CALL | {Fault.KEY_ROTATION},
    Place.REFUND: OF_ONE_CALL | OF_A_REFUND,
    Place.WAREHOUSE: _OF_A_CALL,
    Place.PARCEL: frozenset({Fault.DELIVERED_FIRST, Fault.RETURN_DAMAGED, Fault.RETURN_SHORT}),
    Place.SHOP: _OF_A_CALL,
    Place.SMS: _OF_A_CALL,
    Place.BAZAAR: _OF_A_CALL,
}


@dataclass
class Planted:
    """`seconds` are real ones; `times` counts down."""

    place: Place
    fault: Fault
    key: str = EVERY
    times: int = 1
    seconds: float = 1.0
    copies: int = 3

    def __post_init__(self) -> None:
        if self.fault not in POSSIBLE[self.place]:
            raise ValueError(f"{self.fault} cannot happen at {self.place}")


class FaultBook:
    def __init__(self) -> None:
        self._planted: dict[tuple[Place, str], list[Planted]] = defaultdict(list)

    def plant(self, planted: Planted) -> None:
        self._planted[planted.place, planted.key].append(planted)

    def take(self, place: Place, key: str, *wanted: Fault) -> Planted | None:
        """The oldest fault for this key, else for every key, used up by one. `wanted` narrows it to some faults."""
        for bed in (self._planted.get((place, key), []), self._planted.get((place, EVERY), [])):
            for planted in bed:
                if not wanted or planted.fault in wanted:
                    planted.times -= 1
                    if planted.times <= 0:
                        bed.remove(planted)
                    return planted
        return None

    def waiting(self) -> list[Planted]:
        return [planted for bed in self._planted.values() for planted in bed]
