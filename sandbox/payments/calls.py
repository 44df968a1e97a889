"""What a provider's gateway writes down of a request."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.pace import shown


@dataclass
class Call:
    """`answer_code` is what the caller could read: a code, a status with a code, `http 503`, or `cut` for nothing.

    It is written down as it comes in: until it is answered, `answer_code` is `none yet`.

    Of a refund also its number and the parameters as they came.
    """

    at: datetime
    method: str
    out_trade_no: str
    answer_code: str = "none yet"
    out_refund_no: str = ""
    parameters: str = ""

    def shown(self) -> dict[str, object]:
        of_refund = {"out_refund_no": self.out_refund_no, "parameters": self.parameters} if self.out_refund_no else {}
        return {
            "at": shown(self.at),
            "method": self.method,
            "out_trade_no": self.out_trade_no,
            "answer_code": self.answer_code,
            **of_refund,
        }
