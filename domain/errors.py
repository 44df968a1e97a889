"""Everything the business itself can refuse.

DomainError
├── InvalidMoney            an amount that is no amount of this currency
├── CurrencyMismatch        two currencies met in one sum
├── InvalidOrder            an order that cannot be: no lines, sums that disagree
├── InvalidReference        an id whose parts cannot stand in a workflow id or trade number
├── ImpossibleMove          an axis was asked to go where its table has no way
├── UnbalancedEntry         a ledger entry that does not sum to zero
├── SkipRefused             a person asked to skip a step that may not be skipped
├── RefundExceedsCeiling    more was asked back than can still go back; the message names the maximum
├── RefundImpossible        a refund that cannot be, as things stand; the message says what to do instead
├── ApprovalRefused         somebody may not do this with an approval, or not any more
├── BrakeRefused            the brake on outgoing money, or a cap, can't be set or released so
├── UndoRefused             what was done wrongly can't be found, released or given back so
├── InvalidCalendar         working hours in which nobody works, or a limit without length
├── StaffRefused            people who do not fit together: a circle of superiors, an unknown stand-in
└── PolicyRefused           a policy with a gap, or that names nobody; its findings name each place
"""

from dataclasses import dataclass


class DomainError(Exception):
    """A rule of the business said no; the message says what to do."""


class InvalidMoney(DomainError):
    pass


class CurrencyMismatch(DomainError):
    pass


class InvalidOrder(DomainError):
    pass


class InvalidReference(DomainError):
    pass


class ImpossibleMove(DomainError):
    pass


class UnbalancedEntry(DomainError):
    pass


class SkipRefused(DomainError):
    pass


class RefundExceedsCeiling(DomainError):
    pass


class RefundImpossible(DomainError):
    pass


class ApprovalRefused(DomainError):
    pass


class ApprovalChanged(ApprovalRefused):
    """Somebody acted since it was looked at."""


class BrakeRefused(DomainError):
    pass


class UndoRefused(DomainError):
    pass


class SecondPersonNeeded(BrakeRefused):
    """Who asked for it says so again: it takes another one."""


class InvalidCalendar(DomainError):
    pass


class StaffRefused(DomainError):
    pass


@dataclass(frozen=True)
class Finding:
    """`place` leads into the policy as it is written, such as `rules.1.steps.0`."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class PolicyRefused(DomainError):
    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(map(str, findings)))
        self.findings = findings
