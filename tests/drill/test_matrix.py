"""The plan of the drill, without any server: each cell has a story that leads there, each schedule repeats."""

from collections import Counter

import pytest

from activities.after_sales import AfterSaleActivities
from activities.approvers import ApproverActivities
from activities.messages import MessageActivities
from activities.payments import PaymentActivities
from activities.records import RecordActivities
from activities.refunds import RefundActivities
from activities.warehouse import WarehouseActivities
from drill.virtual import goods
from drill.virtual.acts import ACTS
from drill.virtual.matrix import (
    CELLS,
    DUE_STEPS,
    PLATFORM_STEPS,
    POINTS,
    RECORD_STEPS,
    REFUND_STEPS,
    RETURN_STEPS,
    SPOKEN,
    Call,
    Cell,
    Component,
    Fault,
    Message,
    Point,
)
from drill.virtual.plan import SHORT, draw
from drill.virtual.stories import STORIES, Strike, is_lost_task, reaching

STEPS = {*RECORD_STEPS, *REFUND_STEPS, *RETURN_STEPS, *DUE_STEPS, *PLATFORM_STEPS}
NOT_YET = {"messages.settle_payment"}  # of undoing in bulk: no story has it yet


def steps_of(*activities: type) -> set[str]:
    """The names under which a worker registers what these have."""
    named = (
        getattr(each, "__temporal_activity_definition", None) for kind in activities for each in vars(kind).values()
    )
    return {definition.name for definition in named if definition is not None}


def test_every_step_that_a_worker_takes_is_in_the_matrix() -> None:
    ours = steps_of(RecordActivities, RefundActivities, ApproverActivities, MessageActivities)
    assert ours - NOT_YET == STEPS
    assert steps_of(PaymentActivities, WarehouseActivities, AfterSaleActivities) == {*Call}


@pytest.mark.parametrize("component", Component)
def test_every_component_is_cut_or_killed_at_every_step_or_message(component: Component) -> None:
    steps = {point.at for point in POINTS if point.component is component and point.is_step}
    messages = {point.message for point in POINTS if point.component is component and not point.is_step}
    calls = {*Call} if component is Component.WORKER else set()
    spoken = {step for step in STEPS if step.startswith(SPOKEN)} if component is Component.POSTGRES else set()
    assert steps == (set() if component is Component.API else STEPS - spoken | calls)
    assert messages == (set() if component is Component.WORKER else set(Message))


def test_every_cell_has_a_story_that_leads_there() -> None:
    lost = [cell for cell in CELLS if not any(STORIES[name].strikes(cell.fault) for name in reaching(cell.point))]
    assert lost == []


def test_every_story_can_be_played() -> None:
    assert ACTS.keys() == STORIES.keys()


def test_a_schedule_is_the_same_whenever_it_is_drawn() -> None:
    assert [draw(3, number) for number in range(50)] == [draw(3, number) for number in range(50)]
    assert draw(3, 0).plans != draw(4, 0).plans


def test_a_thousand_schedules_aim_at_every_cell_several_times() -> None:
    aimed: Counter[Cell] = Counter()
    for number in range(1000):
        for plan in draw(1, number).plans:
            aimed.update(Cell(point, strike.fault) for point in plan.crashes for strike in plan.strikes)
    assert min(aimed[cell] for cell in CELLS) >= 3


def test_whatever_is_planned_can_happen_in_its_story() -> None:
    for number in range(300):
        for plan in draw(2, number).plans:
            story = STORIES[plan.story]
            assert all(story.reaches(point) for point in plan.crashes)
            assert all(strike in story.strikes(strike.fault) for strike in plan.strikes)
            assert plan.early or not any(story.needs_early(point) for point in plan.crashes)
            assert sum(map(is_lost_task, plan.crashes)) <= 1, "a second lost task would be waited for in real time"


def test_goods_are_counted_so_that_one_buyer_of_rare_ones_goes_short() -> None:
    scarce = [draw(5, number) for number in range(200)]
    scarce = [each for each in scarce if any(plan.story in SHORT for plan in each.plans)]
    for schedule in scarce:
        rare = goods.sku(schedule.shop_id, goods.RARE)
        wanted = sum(goods.basket(plan).needs[rare] for plan in schedule.plans)
        assert goods.shelves(schedule)[rare] == wanted - 1
    assert any(sum(plan.story in SHORT for plan in each.plans) > 1 for each in scarce), "nobody competes"


def test_a_fault_lies_where_the_story_has_something_to_spoil() -> None:
    assert STORIES["silent"].strikes(Fault.DUPLICATE) == (Strike(Fault.DUPLICATE, Message.PARCEL),)
    assert STORIES["unpaid"].strikes(Fault.CUT) == ()
    assert STORIES["straight"].reaches(Point(Component.WORKER, Call.PUSH))
    assert not STORIES["straight"].reaches(Point(Component.WORKER, Call.STOP))
