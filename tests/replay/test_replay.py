"""Saved histories of whole orders replay with the workflow of today: an order that runs survives a deployment.

A history that no longer replays means: guard the change with `workflow.patched`. Only where no order can be running,
save anew: `pytest tests/replay --save-histories`.
"""

import json
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle, WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from runtime.temporal import WORKFLOWS, data_converter, replayer
from tests.workflows.installation import Installation, until
from tests.workflows.refund_stories import REFUND_STORIES
from tests.workflows.refund_world import RefundWorld
from tests.workflows.stories import STORIES
from tests.workflows.test_undo import begun, charges, released
from tests.workflows.world import PAYLOAD_KEYS, World
from workflows.order import OrderWorkflow

FOLDER = Path(__file__).with_name("histories")
SAVED = sorted(FOLDER.glob("*.json"))


def history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json("order/shop/tea/1001", file.read_text())


def anonymous(value: Any) -> Any:
    """Without the names of the machines that worked on it."""
    if isinstance(value, dict):
        return {key: "worker" if key == "identity" else anonymous(each) for key, each in value.items()}
    return [anonymous(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def saving(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--save-histories", default=False):
        pytest.skip("histories are saved when asked for")


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
@pytest.mark.usefixtures("saving")  # the first of its fixtures, so that nothing is started for a skipped test
async def test_a_story_is_saved_and_replays(world: World, name: str) -> None:
    await STORIES[name](world)
    kept = anonymous((await world.handle.fetch_history()).to_json_dict())
    file = FOLDER / f"{name}.json"
    file.write_text(json.dumps(kept, indent=1) + "\n")
    await replayer(data_converter(PAYLOAD_KEYS)).replay_workflow(history(file))


@pytest.mark.slow
@pytest.mark.usefixtures("saving")
async def test_a_turn_of_the_sender_is_saved_and_replays(installation: Installation) -> None:
    async with AsyncExitStack() as stack:
        await installation.worker(stack)
        await installation.until_shown(1000)
        run_id = await installation.run_id()
    async with AsyncExitStack() as stack:
        await installation.worker(stack)  # the next turn begins once somebody is there to end this one
        handed_over = installation.env.client.get_workflow_handle(installation.handle.id, run_id=run_id)
        await until(lambda: has_ended(handed_over))
        kept = anonymous((await handed_over.fetch_history()).to_json_dict())
    file = FOLDER / "sender.json"
    file.write_text(json.dumps(kept, indent=1) + "\n")
    await replayer(data_converter(PAYLOAD_KEYS)).replay_workflow(history(file))


async def has_ended(handle: WorkflowHandle[Any, Any]) -> bool:
    return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUND_STORIES)
@pytest.mark.usefixtures("saving")
async def test_a_story_of_a_refund_is_saved_and_replays(refund_world: RefundWorld, name: str) -> None:
    await REFUND_STORIES[name](refund_world)
    kept = anonymous((await refund_world.refund.fetch_history()).to_json_dict())
    file = FOLDER / f"{name}.json"
    file.write_text(json.dumps(kept, indent=1) + "\n")
    await replayer(data_converter(PAYLOAD_KEYS)).replay_workflow(history(file))


@pytest.mark.slow
@pytest.mark.usefixtures("saving")
async def test_an_undoing_is_saved_and_replays(refund_world: RefundWorld) -> None:
    await refund_world.arrived()
    told, denied = charges(refund_world, 2)
    plan = await released(refund_world, [told, replace(denied, amount=told.amount)])
    run = await begun(refund_world, plan)
    await run.result()
    kept = anonymous((await run.fetch_history()).to_json_dict())
    file = FOLDER / "undone.json"
    file.write_text(json.dumps(kept, indent=1) + "\n")
    await replayer(data_converter(PAYLOAD_KEYS)).replay_workflow(history(file))


def test_every_story_has_a_saved_history() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} >= {*STORIES, *REFUND_STORIES, "sender", "undone"}


@pytest.mark.parametrize("file", SAVED, ids=lambda file: file.stem)
async def test_a_saved_history_replays_with_the_workflow_of_today(file: Path) -> None:
    await replayer(data_converter(PAYLOAD_KEYS)).replay_workflow(history(file))


async def test_a_workflow_that_lost_a_step_fails_the_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside the sandbox, which would load the workflow anew without the change."""
    gate = Replayer(
        workflows=list(WORKFLOWS),
        data_converter=data_converter(PAYLOAD_KEYS),
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    straight = history(FOLDER / "straight.json")
    await gate.replay_workflow(straight)

    async def skipped(_: OrderWorkflow) -> None:
        pass

    monkeypatch.setattr(OrderWorkflow, "_stock_reserved", skipped)
    with pytest.raises(NondeterminismError):
        await gate.replay_workflow(straight)
