"""Policies as they come and go over HTTP and in files. Strict: a misspelt condition would hold for everything."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, Field

from api.people_bodies import MoneyBody, PersonId, Role
from api.schemas import Strict
from domain import policy as domain
from domain.after_sale import AtDeadline
from domain.approval import Mode, OnRefusal
from domain.calendar import TimeKind, TimeLimit
from domain.policy import Band, Policy, Rule, StepRule, Words
from domain.route import RefundFacts
from persistence.policies import Saved
from persistence.policy_trials import MOST_CASES

Name = Annotated[str, Field(min_length=1, max_length=100)]
Word = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
DAY_SECONDS = 86_400


class BandBody(Strict):
    """`above` < amount <= `at_most`."""

    at_most: MoneyBody | None = None
    above: MoneyBody | None = None

    def band(self) -> Band:
        at_most, above = (each.money() if each else None for each in (self.at_most, self.above))
        return Band(at_most, above)


class WordsBody(Strict):
    """The field is one of `values`; with `other_than`, none of them. What is not known is the empty word."""

    field: domain.Field
    values: Annotated[tuple[Word, ...], Field(min_length=1, max_length=500)]
    other_than: bool = False


class StepBody(Strict):
    """Who signs: these people, and whoever holds one of these roles in the shop's entity.

    `needed` counts for a vote only. After the limit the direct superior is reminded, and again at each level.
    """

    name: Name
    roles: Annotated[tuple[Role, ...], Field(max_length=50)] = ()
    people: Annotated[tuple[PersonId, ...], Field(max_length=100)] = ()
    mode: Mode = Mode.ANY
    needed: Annotated[int, Field(ge=0, le=100)] = 0
    on_refusal: OnRefusal = OnRefusal.AT_ONCE
    limit_seconds: Annotated[int, Field(ge=60, le=90 * DAY_SECONDS)] = DAY_SECONDS
    limit_kind: TimeKind = TimeKind.WALL

    def step(self) -> StepRule:
        return StepRule(
            self.name,
            self.roles,
            self.people,
            self.mode,
            self.needed,
            self.on_refusal,
            TimeLimit(timedelta(seconds=self.limit_seconds), self.limit_kind),
        )


class RuleBody(Strict):
    """All conditions must hold; without any it takes whatever is left. Its steps, or those of the rule it is `like`.

    `by_itself`: nobody signs; only for money that is due back already (`basis` due), up to an amount. `at_deadline`:
    what happens when a marketplace's deadline comes near and nobody has signed.
    """

    name: Name
    amount: BandBody | None = None
    words: Annotated[tuple[WordsBody, ...], Field(max_length=20)] = ()
    steps: Annotated[tuple[StepBody, ...], Field(max_length=20)] = ()
    like: Annotated[str, Field(max_length=100)] = ""
    by_itself: bool = False
    at_deadline: AtDeadline = AtDeadline.EXTEND

    def rule(self) -> Rule:
        return Rule(
            self.name,
            self.amount.band() if self.amount else None,
            tuple(Words(each.field, each.values, each.other_than) for each in self.words),
            tuple(step.step() for step in self.steps),
            self.like,
            self.by_itself,
            self.at_deadline,
        )


class PolicyBody(Strict):
    id: PersonId = domain.REFUNDS
    rules: Annotated[tuple[RuleBody, ...], Field(min_length=1, max_length=100)]

    def policy(self) -> Policy:
        """Raises InvalidMoney."""
        return Policy(self.id, tuple(rule.rule() for rule in self.rules))

    @classmethod
    def of(cls, policy: Policy) -> Self:
        return cls(id=policy.id, rules=tuple(_rule(rule) for rule in policy.rules))


class PolicyFile(PolicyBody):
    """What `lockstep policy show --json` prints, mended by hand. `version` is the one it was made from."""

    version: Annotated[int, Field(ge=0)] | None = None
    saved_by: str | None = None
    saved_at: datetime | None = None
    in_words: tuple[str, ...] = ()


def _rule(rule: Rule) -> RuleBody:
    return RuleBody(
        name=rule.name,
        amount=rule.amount and _band(rule.amount),
        words=[
            WordsBody(field=each.field, values=list(each.values), other_than=each.other_than) for each in rule.words
        ],
        steps=tuple(_step(step) for step in rule.steps),
        like=rule.like,
        by_itself=rule.by_itself,
        at_deadline=rule.at_deadline,
    )


def _band(band: Band) -> BandBody:
    return BandBody(at_most=band.at_most and MoneyBody.of(band.at_most), above=band.above and MoneyBody.of(band.above))


def _step(step: StepRule) -> StepBody:
    return StepBody(
        name=step.name,
        roles=step.roles,
        people=step.people,
        mode=step.mode,
        needed=step.needed,
        on_refusal=step.on_refusal,
        limit_seconds=int(step.limit.lasts.total_seconds()),
        limit_kind=step.limit.kind,
    )


class PolicyAnswer(BaseModel):
    """`version` 0 is the shipped policy: nobody saved it."""

    id: str
    version: int
    saved_by: str | None
    saved_at: datetime | None
    rules: tuple[RuleBody, ...]
    in_words: list[str]

    @classmethod
    def of(cls, saved: Saved) -> Self:
        policy = saved.policy
        return cls(
            id=policy.id,
            version=policy.version,
            saved_by=saved.saved_by,
            saved_at=saved.saved_at,
            rules=PolicyBody.of(policy).rules,
            in_words=sentences(policy),
        )


class PoliciesAnswer(BaseModel):
    policies: list[PolicyAnswer]


def sentences(policy: Policy) -> list[str]:
    """One for each rule: what it looks at, and who signs."""
    return [f"{rule.name}: {rule} -> {_who(policy, rule)}" for rule in policy.rules]


def _who(policy: Policy, rule: Rule) -> str:
    if rule.by_itself:
        return "nobody: it goes back by itself"
    steps = (
        f"{step.name} ({_mode(step)} of {', '.join((*step.roles, *step.people))}, reminded after {step.limit})"
        for step in policy.steps_of(rule)
    )
    return ", then ".join(steps)


def _mode(step: StepRule) -> str:
    return f"{step.needed}" if step.mode is Mode.VOTE else step.mode.value


class FactsBody(Strict):
    """A refund as a policy sees it. `amount`: what people decided on this order until then, with this refund."""

    amount: MoneyBody
    channel: Word
    shop_id: Word
    category: Word = ""
    region: Word = ""
    customer: Word = ""
    reason: Word = ""
    applicant: Word = ""
    basis: Word = ""

    def facts(self) -> RefundFacts:
        return RefundFacts(self.amount.money(), **self.model_dump(exclude={"amount"}))


class DryRunBody(Strict):
    """What would become of these refunds; without any, of those of the past: the last thousand of the record."""

    policy: PolicyBody
    cases: Annotated[tuple[FactsBody, ...], Field(min_length=1, max_length=MOST_CASES)] | None = None


class RoutedAnswer(BaseModel):
    """`signers` of each step. `stuck`: why nobody could sign; empty when somebody can."""

    rule: str
    signers: list[list[str]]
    why: str
    stuck: str


class ComparedAnswer(BaseModel):
    """One refund by the policy that holds now, and by the one that is tried. `now` is null where none holds.

    `case`: the refund's id, or the number of a case that was given.
    """

    case: str
    now: RoutedAnswer | None
    then: RoutedAnswer
    differs: bool


class DryRunAnswer(BaseModel):
    """`differing`: how many would go another way than now; `stuck`: for how many nobody could sign."""

    differing: int
    stuck: int
    cases: list[ComparedAnswer]
