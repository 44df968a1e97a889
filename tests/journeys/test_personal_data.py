"""Who the buyer is stands nowhere in clear: not in the record, not in Temporal, not in a log line."""

import logging
from collections.abc import Iterable

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest

from runtime.embedded import EmbeddedTemporal
from sandbox.faults import Fault, Place
from tests.journeys.orders import ORDER, RECIPIENT, amend, order_body, paid, placed, send_order
from tests.journeys.staging import Stage

pytestmark = pytest.mark.slow

BUYER = {**RECIPIENT, "name": "欧阳锦瑟", "phone": "13912345678", "detail": "不存在的巷子 418 弄 9 号"}
MOVED = {**BUYER, "name": "欧阳流萤", "detail": "没有的大道 2077 号"}
NOTE = "门铃坏了请打邻居电话"
BOUGHT = str(ORDER["lines"][0]["title"])  # stands in the record, and is nobody's business in Temporal
SECRETS = [BUYER["name"], BUYER["phone"], BUYER["detail"], MOVED["name"], MOVED["detail"], NOTE]


async def journey(stage: Stage) -> None:
    """With all that makes programs talk: refusals, a hold, a mended address, a warehouse that hangs up."""
    stage.pace(600)
    body = await placed(stage, "8101", recipient={**BUYER, "detail": ""}, customer_note=NOTE)
    await send_order(stage, {**body, "recipient": BUYER}, key="other content")
    await send_order(stage, {**body, "recipient": {**BUYER, "age": 30}}, key="unknown field")
    await stage.control("faults", place=Place.WAREHOUSE, fault=Fault.CUT, key="shop.tea.8101")
    await paid(stage, "8101")
    await stage.until_stage("8101", "on_hold")
    await amend(stage, "8101", MOVED)
    await stage.shop.post("/track/8101.json?shop=tea", content="phone_tail=5678")
    await stage.until_stage("8101", "completed")
    await send_order(stage, order_body(stage, "8102", recipient=BUYER, customer_note=NOTE))
    await stage.until_stage("8102", "awaiting_payment")


def told_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def spellings(*secrets: str) -> Iterable[bytes]:
    """As bytes may hold them: plain, escaped as JSON does, in Chinese encodings."""
    for secret in secrets:
        yield from {
            secret.encode(),
            secret.encode("unicode_escape"),
            secret.encode("gb18030"),
            secret.encode("utf-16-le"),
        }


async def record_in_clear(stage: Stage) -> str:
    """Every row of every table as text; bytes show as hex."""
    tables = await stage.rows("select tablename from pg_tables where schemaname = 'public' order by 1")
    rows = [row for (table,) in tables for row in await stage.rows(f"select t::text from {table} t")]
    assert len(rows) > 30
    return "\n".join(row[0] for row in rows)


async def raw_history(stage: Stage, order_no: str) -> bytes:
    """As Temporal keeps it and its Web UI would show it to anybody: no codec."""
    temporal = stage.house.temporal
    execution = WorkflowExecution(workflow_id=f"order/shop/tea/{order_no}")
    answer = await temporal.workflow_service.get_workflow_execution_history(
        GetWorkflowExecutionHistoryRequest(namespace=temporal.namespace, execution=execution)
    )
    assert len(answer.history.events) > 5
    described = await temporal.get_workflow_handle(execution.workflow_id).describe()
    return answer.SerializeToString() + described.raw_description.SerializeToString()


async def test_after_a_journey_the_buyer_stands_nowhere_in_clear(
    stage: Stage, temporal: EmbeddedTemporal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await journey(stage)

    pushed = stage.town.warehouse.desk.find("shop.tea.8101")
    assert pushed is not None
    assert pushed.push is not None
    assert (pushed.push.recipient.name, pushed.push.note) == (MOVED["name"], NOTE)  # who must know does

    record = await record_in_clear(stage)
    assert told_in(record) == []
    assert [each for each in spellings(*SECRETS) if each.hex() in record] == []

    for order_no in ("8101", "8102"):
        history = await raw_history(stage, order_no)
        assert [each for each in spellings(*SECRETS, BOUGHT) if each in history] == []
    on_disk = b"".join(file.read_bytes() for file in temporal.folder.path.glob("temporal.db*"))
    assert b"order/shop/tea/8101" in on_disk
    assert [each for each in spellings(*SECRETS, BOUGHT) if each in on_disk] == []

    logged = "\n".join(f"{record.__dict__} {record.getMessage()}" for record in caplog.records)
    assert "attempt 1 of" in logged  # the cut push was told
    assert told_in(logged + caplog.text) == []


async def test_an_error_of_the_record_tells_its_kind_and_no_values(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """A failing statement's values are what was to be written: they belong into no log."""
    body = order_body(stage, "8103", customer_id="欧阳锦瑟", recipient=BUYER)
    async with stage.house.engine.begin() as db:
        await db.exec_driver_sql("alter table customer_keys add check (customer_id <> '欧阳锦瑟')")
    answer = await send_order(stage, body)
    assert answer.status_code == 503
    assert "IntegrityError" in caplog.text
    assert told_in(caplog.text + answer.text) == []
