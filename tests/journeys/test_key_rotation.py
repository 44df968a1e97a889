"""docs/operations.md, keys that rotate: before, while both are valid, and after, the edge restarted each time."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from runtime.wiring import open_house
from sandbox.key_files import create_pair
from sandbox.pace import now
from sandbox.webhooks import webhook_signature
from tests.journeys.notices import Pen
from tests.journeys.orders import AT_WAREHOUSE, WAITING_FOR_MONEY, paid, placed
from tests.journeys.staging import FORM, Stage, api_server, bound_socket, serving

pytestmark = pytest.mark.slow

NEXT_SECRET = "whsec_bmV4dCBzZWNyZXQgb2YgdGhlIHdhcmVob3VzZQ=="
# Which keys are configured, and whether what the old one and the new one signed is believed then.
PHASES = {"before": (("old",), True, False), "both": (("old", "new"), True, True), "after": (("new",), False, True)}


@dataclass(frozen=True)
class Phase:
    name: str
    believed: dict[str, bool]
    edge: httpx.AsyncClient


@asynccontextmanager
async def phase_of(stage: Stage, name: str, next_public: Path) -> AsyncIterator[Phase]:
    """An edge over the same record and Temporal that was started with this phase's keys."""
    keys, old, new = PHASES[name]
    settings = stage.house.settings
    secrets = {"old": settings.warehouse_secrets.get_secret_value(), "new": NEXT_SECRET}
    files = {"old": settings.alipay_accounts[0].alipay_public_key_files[0], "new": next_public}
    changes: dict[str, Any] = {
        "warehouse_secrets": ",".join(secrets[key] for key in keys),
        "alipay_accounts": tuple(
            each.model_copy(update={"alipay_public_key_files": tuple(files[key] for key in keys)})
            for each in settings.alipay_accounts
        ),
    }
    restarted = type(settings).model_validate(settings.model_dump() | changes)
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(restarted))
        url = await stack.enter_async_context(serving(api_server(create_app(house)), bound_socket()))
        edge = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False, timeout=15))
        yield Phase(name, {"old": old, "new": new}, edge)


async def test_while_alipay_changes_its_key_no_notice_is_lost(stage: Stage, tmp_path: Path) -> None:
    pens = {"old": stage.pen, "new": Pen(replace(stage.town.world, alipay_private=create_pair(tmp_path, "next")))}
    order_no = 3000
    for name in PHASES:
        async with phase_of(stage, name, tmp_path / "next_public.pem") as phase:
            for key, pen in pens.items():
                order_no += 1
                await placed(stage, str(order_no))
                notice = pen.notice(f"tea_{order_no}", f"T{order_no}")
                answer = await phase.edge.post("/webhooks/alipay", content=notice, headers={"Content-Type": FORM})
                believed = phase.believed[key]
                assert (answer.status_code, answer.text) == ((200, "success") if believed else (400, "failure"))
                if believed:
                    await stage.until_stage(str(order_no), AT_WAREHOUSE)
                else:
                    assert await stage.verdicts(f"notice-of-T{order_no}") == [("refused", "signature")]
                    assert await stage.stage_of(str(order_no)) == WAITING_FOR_MONEY


def told(order_no: str, secret: str) -> tuple[bytes, dict[str, str]]:
    """The warehouse's word, signed, that everything of this order has left."""
    sent = int(now().timestamp())
    body = json.dumps(
        {
            "type": "parcel.shipped",
            "reference": f"shop.tea.{order_no}",
            "parcel_no": f"P{order_no}",
            "carrier": "sf",
            "waybill_no": f"SF{order_no}",
            "lines": [{"line_id": "1", "quantity": 2}],
            "occurred_at": now().isoformat(timespec="seconds"),
        }
    ).encode()
    headers = {"webhook-id": f"msg-{order_no}", "webhook-timestamp": str(sent)}
    return body, headers | {"webhook-signature": webhook_signature(secret, f"msg-{order_no}", sent, body)}


async def test_while_the_warehouse_changes_its_secret_no_parcel_is_lost(stage: Stage, tmp_path: Path) -> None:
    create_pair(tmp_path, "next")
    stage.pace(0.001)  # the pretend warehouse takes its time: the parcels here are told by hand
    secrets = {"old": stage.house.settings.warehouse_secrets.get_secret_value(), "new": NEXT_SECRET}
    order_no = 3100
    for name in PHASES:
        async with phase_of(stage, name, tmp_path / "next_public.pem") as phase:
            for key, secret in secrets.items():
                order_no += 1
                await placed(stage, str(order_no))
                await paid(stage, str(order_no))
                await stage.until_stage(str(order_no), AT_WAREHOUSE)
                body, headers = told(str(order_no), secret)
                answer = await phase.edge.post("/webhooks/warehouse", content=body, headers=headers)
                if phase.believed[key]:
                    assert answer.status_code == 204, answer.text
                    await stage.until_stage(str(order_no), "shipped")
                else:
                    assert answer.json()["type"] == "urn:lockstep:problem:refused-signature"
                    assert await stage.verdicts(f"msg-{order_no}") == [("refused", "signature")]
                    assert await stage.stage_of(str(order_no)) == AT_WAREHOUSE
