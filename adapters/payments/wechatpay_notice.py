"""A WeChat Pay notice behind its signature: an envelope, an encrypted resource in it, and what that says.

Field lists and states: WeChat Pay's merchant documentation, "payment notice" and "refund notice".
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from domain.money import Money
from domain.refund_leg import RefundOutcome
from ports.errors import MessageRefused, RefusalReason
from ports.payments import NoticeKind, PaymentNotice, RefundFact

_LONGEST_BODY = 64 * 1024
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_ID = re.compile(r"[!-~]{1,128}")
Said = TypeVar("Said", bound=BaseModel)


def _instant(text: object) -> datetime:
    """RFC 3339 with zone, in UTC. Raises ValueError."""
    if not isinstance(text, str) or not _RFC3339.fullmatch(text):
        raise ValueError("not RFC 3339 with zone")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None


def _instant_or_none(text: object) -> datetime | None:
    """Until the money is back there is no time, or an empty one."""
    return _instant(text) if text else None


Id = Annotated[str, Field(pattern=f"^{_ID.pattern}$")]
Fen = Annotated[int, Field(ge=1, lt=10**15)]


class Amount(BaseModel, strict=True):
    """`total` is what was captured: what the order asked for, and what refunds are counted against.

    `payer_total`, which the buyer paid himself after WeChat Pay's coupons, is told too and means nothing here.
    """

    total: Fen
    currency: str | None = None


class Trade(BaseModel, strict=True):
    """Fields that are not named are ignored, here and in the envelope, so that WeChat Pay may add some."""

    mchid: Id
    transaction_id: Id
    out_trade_no: Id
    amount: Amount


class Transaction(Trade, strict=True):
    """A trade that was paid."""

    appid: Id
    success_time: Annotated[datetime, BeforeValidator(_instant)]


class PaidNotice(Transaction, strict=True):
    """A late copy of the notice may find the money on its way back."""

    trade_state: Literal["SUCCESS", "REFUND"]

    def told(self) -> tuple[NoticeKind, str, datetime | None]:
        """The kind, the state in WeChat Pay's word, when it was paid."""
        kind = NoticeKind.CAPTURED if self.trade_state == "SUCCESS" else NoticeKind.REFUND
        return kind, self.trade_state, self.success_time


class RefundAmount(Amount, strict=True):
    """`refund` is what was asked to go back; `payer_refund`, without WeChat Pay's coupons, is told too."""

    refund: Fen


# By `status` of an answer, by `refund_status` of a notice.
REFUND_STATES = {
    "SUCCESS": RefundOutcome.DONE,
    "PROCESSING": RefundOutcome.PROCESSING,
    "CLOSED": RefundOutcome.CLOSED,
    "ABNORMAL": RefundOutcome.ABNORMAL,
}


class Refund(BaseModel, strict=True):
    """A refund as an answer tells of it."""

    out_trade_no: Id
    out_refund_no: Id
    refund_id: Id
    status: Id
    amount: RefundAmount
    success_time: Annotated[datetime | None, BeforeValidator(_instant_or_none)] = None


class RefundNotice(Trade, strict=True):
    refund_status: Id
    out_refund_no: Id
    refund_id: Id
    amount: RefundAmount
    success_time: Annotated[datetime | None, BeforeValidator(_instant_or_none)] = None

    def told(self) -> tuple[NoticeKind, str, datetime | None]:
        return NoticeKind.REFUND, self.refund_status, None

    def fact(self, currency: str) -> RefundFact:
        outcome = REFUND_STATES.get(self.refund_status, RefundOutcome.UNKNOWN)
        amount = Money(self.amount.refund, currency)
        return RefundFact(self.out_refund_no, outcome, self.refund_id, amount, self.success_time)


# By event_type.
NOTICES: dict[str, type[PaidNotice | RefundNotice]] = {
    "TRANSACTION.SUCCESS": PaidNotice,
    "REFUND.SUCCESS": RefundNotice,
    "REFUND.ABNORMAL": RefundNotice,
    "REFUND.CLOSED": RefundNotice,
}


class _Resource(BaseModel, strict=True):
    algorithm: Literal["AEAD_AES_256_GCM"]
    ciphertext: str
    nonce: Annotated[str, Field(pattern="^[ -~]{12}$")]
    associated_data: Annotated[str, Field(pattern="^[ -~]{0,256}$")] | None = None


class Envelope(BaseModel, strict=True):
    id: Id
    event_type: Id
    resource_type: Literal["encrypt-resource"]
    resource: _Resource


def refuse_too_long(body: bytes) -> None:
    if len(body) > _LONGEST_BODY:
        raise _malformed(f"the body is longer than {_LONGEST_BODY} bytes")


def read_object(raw: bytes) -> dict[str, Any]:
    """One JSON object. Raises ValueError for anything else, and where a name comes twice or a number is none."""
    try:
        said = json.loads(raw.decode(), object_pairs_hook=_each_name_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(said, dict):
        raise ValueError("no object")  # noqa: TRY004 - readers look for one kind of error
    return said


def read_body(body: bytes) -> dict[str, Any]:
    """Only for a body whose signature is known to be right. Raises MessageRefused (MALFORMED), as all below do."""
    try:
        return read_object(body)
    except ValueError:
        raise _malformed("the body is no JSON object with each name once") from None


def claimed_notice_id(said: Mapping[str, Any]) -> str:
    named = said.get("id")
    return named if isinstance(named, str) and _ID.fullmatch(named) else ""


def read_envelope(said: Mapping[str, Any]) -> Envelope:
    envelope = _checked(Envelope, said)
    if envelope.event_type not in NOTICES:
        raise _malformed(f"event_type {envelope.event_type} is not known")
    return envelope


def opened(envelope: Envelope, api_v3_keys: Iterable[bytes]) -> PaidNotice | RefundNotice | None:
    """What the resource says, decrypted by the first key that fits; None when none does."""
    resource = envelope.resource
    try:
        ciphertext = base64.b64decode(resource.ciphertext, validate=True)
    except ValueError:
        raise _malformed("resource.ciphertext is not base64") from None
    nonce, associated = resource.nonce.encode(), (resource.associated_data or "").encode()
    for key in api_v3_keys:
        try:
            said = read_object(AESGCM(key).decrypt(nonce, ciphertext, associated))
        except InvalidTag:
            continue
        except ValueError:
            raise _malformed("the resource is no JSON object with each name once") from None
        return _checked(NOTICES[envelope.event_type], said)
    return None


def payment_notice(
    envelope: Envelope, said: PaidNotice | RefundNotice, *, provider: str, account: str, currency: str
) -> PaymentNotice:
    """`amount` is always the trade's total, in a refund notice too."""
    kind, state, paid_at = said.told()
    return PaymentNotice(
        provider=provider,
        account=account,
        notice_id=envelope.id,
        kind=kind,
        trade_no=said.transaction_id,
        out_trade_no=said.out_trade_no,
        amount=Money(said.amount.total, currency),
        state=state,
        paid_at=paid_at,
        refund=said.fact(currency) if isinstance(said, RefundNotice) else None,
    )


def wrong_fields(error: ValidationError) -> str:
    """Their names, never their values."""
    return ", ".join(sorted({".".join(str(part) for part in each["loc"]) for each in error.errors()}))


def _checked(kind: type[Said], said: Mapping[str, Any]) -> Said:
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        raise _malformed(f"wrong or missing: {wrong_fields(error)}") from None


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("a name comes twice")
    return said


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _malformed(detail: str) -> MessageRefused:
    return MessageRefused(RefusalReason.MALFORMED, detail)
