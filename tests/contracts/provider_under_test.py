"""What a payment provider's test side must offer for the contract in test_payment_providers.py.

Adding a provider means one class of this shape and its name in PROVIDERS there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ports.errors import RefusalReason
from ports.messages import RawMessage
from ports.payments import PaymentNotice, PaymentProvider, TradeAnswer, TradeQuestion, TradeState


@dataclass(frozen=True)
class Genuine:
    """A message as the provider sends it and what it says."""

    message: RawMessage
    says: PaymentNotice


@dataclass(frozen=True)
class Refused:
    """A message that must be refused, and why."""

    message: RawMessage
    reason: RefusalReason


class ProviderUnderTest(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def provider(self) -> PaymentProvider: ...

    @property
    def question(self) -> TradeQuestion: ...

    @property
    def paid(self) -> TradeAnswer:
        """What is learned of `question` when it is paid."""

    def genuine(self) -> Mapping[str, Genuine]:
        """By story; at least `captured` and `refund`, and each other kind the provider has notices for."""

    def refused(self) -> Mapping[str, Refused]:
        """By story; all reasons the provider can give."""

    def provider_where(self, trade: TradeState) -> PaymentProvider:
        """The adapter, facing a provider that has the trade of `question` in this state."""

    def provider_in_trouble(self) -> Iterator[tuple[str, PaymentProvider]]:
        """The adapter, facing outages after which the effect of a call is not known."""

    def provider_babbling(self) -> Iterator[tuple[str, PaymentProvider]]:
        """The adapter, facing answers outside the protocol: unsigned, forged, about another trade, unknown words."""
