"""The OpenAPI document keeps its word: a real edge is asked what the document allows, and much that it does not."""

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from persistence import access
from ports.clock import SystemClock
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import open_house, workers
from tests.api.people import hired
from tests.journeys.orders import ORDER
from tests.journeys.staging import SCOPES, api_server, bound_socket, eventually, serving, settings_for

pytestmark = pytest.mark.slow

EXAMPLES = 6  # of each kind for each operation
PROBLEM = "application/problem+json"
PLENTY = 10**6
NOTHING_WRONG = ("/health", "/webhooks")  # they take anything
KNOWN = {"channel": "shop", "shop_id": "tea", "order_no": "2001", "provider": "alipay"}
DOCUMENT = create_app().openapi()
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


@dataclass
class Real:
    """An edge over a record and a Temporal, with workers and one order, and tokens for everything and for nothing."""

    url: str
    powerful: dict[str, str]
    powerless: dict[str, str]


class _Deaf(BaseHTTPRequestHandler):
    """Answers everything with a problem."""

    def do_POST(self) -> None:
        self.send_response(HTTPStatus.UNPROCESSABLE_ENTITY)
        self.send_header("content-type", PROBLEM)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture(scope="module")
def rehearsed() -> None:
    """Whatever the first pokes load is loaded before servers run in another thread.

    Python 3.11 takes it ill when one thread reads a module's source while another one formats a traceback.
    """
    with HTTPServer(("127.0.0.1", 0), _Deaf) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        nobody = Real(f"http://127.0.0.1:{server.server_port}", {}, {})
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with suppress(Exception, BaseExceptionGroup):  # its answers are never right
                poke(nobody, "post", "/refunds", mode)
        server.shutdown()


@pytest.fixture
async def real(
    rehearsed: None, record_url: str, temporal: EmbeddedTemporal, world_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Real]:
    del rehearsed
    monkeypatch.setattr("api.dependencies.FAILURES_ALLOWED", PLENTY)
    plenty = {"shop_requests_per_minute": PLENTY, "staff_requests_per_minute": PLENTY, "refusals_kept_per_hour": PLENTY}
    settings = settings_for(record_url, temporal.address, world_folder, "http://127.0.0.1:9", time_scale=1, **plenty)
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(settings))
        url = await stack.enter_async_context(serving(api_server(create_app(house)), bound_socket()))
        for worker in workers(house):
            await stack.enter_async_context(worker)
        async with house.engine.begin() as db:
            await hired(db, "lin")
            now = house.clock.now()
            tokens = [await access.create_token(db, str(len(each)), each, now, "lin") for each in (SCOPES, ())]
        real = Real(url, *({"Authorization": f"Bearer {token}"} for token in tokens))
        await _place(real)
        yield real


async def _place(real: Real) -> None:
    async with httpx.AsyncClient(base_url=real.url, headers=real.powerful, trust_env=False) as shop:
        order = {**ORDER, "placed_at": SystemClock().now().isoformat()}
        answer = await shop.post("/orders", json=order, headers={"Idempotency-Key": KNOWN["order_no"]})
        assert answer.status_code == 202, answer.text

        async def recorded() -> bool:
            return (await shop.get("/orders/shop/tea/2001")).status_code == 200

        await eventually(recorded, "the order in the record")


def likely(node: Any) -> Any:
    """The document, with what exists named among what may be asked: strangers' words find no order."""
    if isinstance(node, list):
        return [likely(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {name: likely(each) for name, each in node.items()}
    if found.get("in") == "path" and found["name"] in KNOWN:
        found["schema"] = _or_known(found["schema"], found["name"])
    for name, schema in found.get("properties", {}).items():
        if name in KNOWN and "enum" not in schema:
            found["properties"][name] = _or_known(schema, name)
    return found


def _or_known(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return {"anyOf": [{"const": KNOWN[name]}, schema]}


def poke(real: Real, method: str, path: str, mode: GenerationMode) -> None:
    """Each answer is compared with the document; a difference is an error that says how to ask so again.

    What the document allows may be refused all the same: signatures and rules of the business are not in it.
    """
    document = schemathesis.openapi.from_dict(likely(copy.deepcopy(DOCUMENT)))
    operation = document[path][method.upper()]

    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def ask(case: Case[Any]) -> None:
        case.call_and_validate(real.url, headers=real.powerful, excluded_checks=[positive_data_acceptance])

    ask()


# Other threads roll the common dice while a case is drawn; hypothesis takes it for the strategy's doing.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
async def test_every_answer_is_one_that_the_document_names(real: Real) -> None:
    def poke_all() -> None:
        for method, path in OPERATIONS:
            poke(real, method, path, GenerationMode.POSITIVE)
            if not path.startswith(NOTHING_WRONG):
                poke(real, method, path, GenerationMode.NEGATIVE)

    await asyncio.to_thread(poke_all)


def path_of(path: str) -> str:
    return path.format(
        **KNOWN,
        case_id="case-1",
        person_id="lin",
        policy_id="refunds",
        cap_name="daily",
        refund_id="4f0c2a9b81d3e6f7",
        message_id="0" * 32,
        plan_id="20261122-00000000",
    )


async def test_whoever_shows_no_token_or_one_without_the_scope_is_told_so_and_nothing_else(real: Real) -> None:
    secured = [(method, path) for method, path in OPERATIONS if "security" in DOCUMENT["paths"][path][method]]
    assert {path.split("/")[1] for _, path in secured} == {
        *("orders", "refunds", "cases", "people", "policies", "money", "undos", "money-at-risk", "me"),
    }
    async with httpx.AsyncClient(base_url=real.url, trust_env=False) as stranger:
        for method, path in secured:
            for headers, status in (({}, 401), ({"Authorization": "Bearer lk_x"}, 401), (real.powerless, 403)):
                body: dict[str, str] | None = {} if method in ("post", "put") else None
                more = {**headers, "Idempotency-Key": "k"}
                answer = await stranger.request(method, path_of(path), json=body, headers=more)
                assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
                    path
                )
                assert ("www-authenticate" in answer.headers) is (status == 401)
