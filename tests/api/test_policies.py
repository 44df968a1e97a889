"""People and policies over HTTP: seen, changed from what was seen, tried on cases, refused with the places named."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Edge
from tests.builders import NOON

pytestmark = pytest.mark.slow

PEOPLE: dict[str, dict[str, Any]] = {
    "boss": {"name": "Boss"},
    "wu": {"name": "Wu", "posts": [{"role": "finance_manager"}], "superior": "boss"},
    "lin": {
        "name": "Lin",
        "posts": [{"role": "support_supervisor", "entity_id": "teahouse"}],
        "superior": "wu",
        "limits": [{"amount_minor": 50_000}],
        "stand_ins": [{"person": "wu", "begins": "2026-11-22T04:00:00Z", "ends": "2026-11-23T04:00:00Z"}],
    },
}
SCOPES = ("people:read", "people:write", "policies:read", "policies:write")
FINANCE = {"name": "finance", "roles": ["finance_manager"]}
SUPERVISOR = {"name": "supervisor", "roles": ["support_supervisor"], "limit_seconds": 3600, "limit_kind": "working"}
SMALL = {"name": "small", "amount": {"at_most": {"amount_minor": 10_000}}, "steps": [SUPERVISOR]}
REST = {"name": "rest", "steps": [FINANCE]}
POLICY = {"rules": [SMALL, REST]}
CASE = {"amount": {"amount_minor": 15_000}, "channel": "shop", "shop_id": "tea", "applicant": "ann"}


class Office:
    """Staff at its desk: a token for everything here."""

    def __init__(self, edge: Edge, token: dict[str, str]) -> None:
        self.edge, self.token = edge, token

    async def get(self, url: str) -> httpx.Response:
        return await self.edge.browser.get(url, headers=self.token)

    async def put(self, person: str, seen: int | None = None, **changed: Any) -> httpx.Response:
        body = {**PEOPLE.get(person, {"name": person.title()}), **changed}
        return await self.edge.browser.put(f"/people/{person}", json=body, headers=self._headers(seen))

    async def save(self, policy: dict[str, Any] = POLICY, seen: int | None = None) -> httpx.Response:
        return await self.edge.browser.post("/policies", json=policy, headers=self._headers(seen))

    async def trial(self, policy: dict[str, Any], *cases: dict[str, Any]) -> httpx.Response:
        body = {"policy": policy, "cases": cases}
        return await self.edge.browser.post("/policies/dry-run", json=body, headers=self.token)

    def _headers(self, seen: int | None) -> dict[str, str]:
        return self.token if seen is None else {**self.token, "If-Match": f'"{seen}"'}


@pytest.fixture
async def office(edge: Edge) -> Office:
    opened = Office(edge, await edge.token(*SCOPES))
    for person in PEOPLE:
        answer = await opened.put(person)
        assert answer.status_code == 200, answer.text
    return opened


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"urn:lockstep:problem:{kind}"
    return problem


async def test_people_are_shown_with_their_chain_and_version(office: Office) -> None:
    shown = {each["id"]: each for each in (await office.get("/people")).json()["people"]}
    assert shown["lin"] == {
        "id": "lin",
        "name": "Lin",
        "posts": [{"role": "support_supervisor", "entity_id": "teahouse"}],
        "superior": "wu",
        "superiors": ["wu", "boss"],
        "stand_ins": PEOPLE["lin"]["stand_ins"],
        "limits": [{"amount_minor": 50_000, "currency": "CNY"}],
        "active": True,
        "version": 1,
        "changed_at": NOON.isoformat().replace("+00:00", "Z"),
    }
    one = await office.get("/people/lin")
    assert (one.json(), one.headers["etag"]) == (shown["lin"], '"1"')
    refused(await office.get("/people/nobody"), 404, "unknown-person")


async def test_a_person_is_changed_from_the_version_that_was_seen(office: Office) -> None:
    changed = await office.put("lin", 1, name="Lin Hua")
    assert (changed.json()["name"], changed.headers["etag"]) == ("Lin Hua", '"2"')
    assert (await office.put("lin", 1, name="Lin Hua")).json()["version"] == 2  # sent twice: it is so
    assert "version 2" in refused(await office.put("lin", 1, name="Lin Mei"), 412, "changed-meanwhile")["detail"]
    assert '"2"' in refused(await office.put("lin", name="Lin Mei"), 428, "version-required")["detail"]
    refused(await office.put("new", 3), 412, "changed-meanwhile")


@pytest.mark.parametrize(
    ("changed", "kind", "said"),
    [
        ({"superior": "lin"}, "refused", "wu: the superiors go round in a circle: wu -> lin -> wu"),
        ({"superior": "nobody"}, "refused", "superior nobody is not known here"),
        ({"posts": [{"role": "finance_manager", "entity_id": "moon"}]}, "refused", "there is no entity moon"),
        ({"limits": [{"amount_minor": 1, "currency": "XXX"}]}, "refused", "currency 'XXX'"),
        ({"posts": []}, "policy-refused", "nobody holds finance_manager in entity teahouse"),
        ({"active": False}, "policy-refused", "nobody holds finance_manager in entity teahouse"),
        ({"boss": True}, "invalid-request", "Extra inputs"),
        ({"superior": "a b"}, "invalid-request", "pattern"),
        ({"name": "\x00"}, "invalid-request", "NUL"),
    ],
)
async def test_people_who_could_do_harm_are_refused(
    office: Office, changed: dict[str, Any], kind: str, said: str
) -> None:
    problem = refused(await office.put("wu", 1, **changed), 422, kind)
    assert said in str(problem)
    assert (await office.get("/people/wu")).json()["version"] == 1


async def test_the_shipped_policy_holds_until_one_is_saved(office: Office) -> None:
    shipped = (await office.get("/policies/refunds")).json()
    assert (shipped["version"], shipped["saved_by"]) == (0, None)
    assert shipped["in_words"] == [
        "due back: the amount is at most 200.00 CNY, basis is due -> nobody: it goes back by itself",
        (
            "small: the amount is at most 200.00 CNY -> "
            "support supervisor (any of support_supervisor, reminded after 24 h)"
        ),
        "large: no rule before it fits -> finance manager (any of finance_manager, reminded after 24 h)",
    ]
    saved = await office.save(seen=0)
    assert (saved.status_code, saved.headers["etag"]) == (201, '"1"')
    assert saved.json()["saved_by"] == f"token {'-'.join(SCOPES)}"
    assert [each["version"] for each in (await office.get("/policies")).json()["policies"]] == [1]
    assert (await office.get("/policies/refunds?version=0")).json() == shipped
    assert (await office.get("/policies/refunds?version=1")).json() == saved.json()
    refused(await office.get("/policies/refunds?version=2"), 404, "unknown-policy")
    refused(await office.get("/policies/other"), 404, "unknown-policy")


async def test_what_is_shown_can_be_saved_again_as_it_is(office: Office) -> None:
    shipped = (await office.get("/policies/refunds")).json()
    saved = (await office.save({"id": "refunds", "rules": shipped["rules"]})).json()
    assert (saved["rules"], saved["in_words"]) == (shipped["rules"], shipped["in_words"])


async def test_of_two_who_save_from_the_same_version_the_second_is_told(office: Office) -> None:
    assert (await office.save(seen=0)).json()["version"] == 1
    assert (await office.save(seen=0)).json()["version"] == 1  # a repeated click: one version
    other = {"rules": [REST]}
    assert "version 1" in refused(await office.save(other, seen=0), 412, "changed-meanwhile")["detail"]
    refused(await office.save(other), 428, "version-required")
    assert (await office.save(other, seen=1)).json()["version"] == 2


async def test_a_policy_is_refused_with_every_place(office: Office) -> None:
    wrong = {"rules": [SMALL, {"name": "pilots", "words": [], "steps": [{"name": "look", "roles": ["pilot"]}]}, REST]}
    problem = refused(await office.save(wrong, seen=0), 422, "policy-refused")
    assert problem["errors"] == [
        {"field": "rules.2", "message": "rule rest is never reached: small, pilots come first and take all of it"},
        {"field": "rules.1.steps.0", "message": "step look: nobody holds pilot in entity teahouse"},
    ]
    gap = refused(await office.save({"rules": [SMALL]}, seen=0), 422, "policy-refused")
    assert "no rule fits a refund of 100.01 CNY" in gap["errors"][0]["message"]
    misspelt = refused(await office.save({"rules": [{**REST, "chanel": "jd"}]}, seen=0), 422, "invalid-request")
    assert misspelt["errors"][0]["field"] == "rules.0.chanel"
    nul = {**REST, "words": [{"field": "channel", "values": ["\x00"]}]}
    refused(await office.save({"rules": [nul, REST]}, seen=0), 422, "invalid-request")
    assert (await office.get("/policies/refunds")).json()["version"] == 0


async def test_a_policy_is_tried_on_cases_and_nothing_is_saved(office: Office) -> None:
    small, unknown_shop = {**CASE, "amount": {"amount_minor": 10_000}}, {**CASE, "shop_id": "moon"}
    answer = (await office.trial(POLICY, CASE, small, unknown_shop)).json()
    assert (answer["differing"], answer["stuck"]) == (3, 0)
    first, second, third = answer["cases"]
    assert (first["now"]["signers"], first["then"]["signers"], first["differs"]) == ([["lin"]], [["wu"]], True)
    assert first["then"]["why"] == "rule rest: 150.00 CNY, no rule before it fits"
    assert (second["then"]["signers"], second["differs"]) == ([["lin"]], True)  # other time limits
    assert third["now"]["stuck"].startswith("step support supervisor: too few may sign")
    assert third["then"] == {
        "rule": "rest",
        "signers": [["wu"]],
        "why": "rule rest: 150.00 CNY, no rule before it fits",
        "stuck": "",
    }
    assert [each["case"] for each in answer["cases"]] == ["case 1", "case 2", "case 3"]
    refused(await office.trial({"rules": [SMALL]}, CASE), 422, "policy-refused")
    refused(await office.trial(POLICY), 422, "invalid-request")  # a list without cases
    assert (await office.get("/policies/refunds")).json()["version"] == 0


async def test_without_cases_it_is_tried_on_the_refunds_of_the_past(office: Office) -> None:
    answer = await office.edge.browser.post("/policies/dry-run", json={"policy": POLICY}, headers=office.token)
    assert answer.json() == {"differing": 0, "stuck": 0, "cases": []}  # there are none yet


@pytest.mark.parametrize("scope", ["people:read", "policies:read", "cases:write"])
async def test_a_token_without_the_scope_changes_nothing(edge: Edge, scope: str) -> None:
    here = Office(edge, await edge.token(scope))
    refused(await here.put("wu"), 403, "forbidden")
    refused(await here.save(), 403, "forbidden")
    refused(await Office(edge, {}).get("/people"), 401, "unauthorised")
    refused(await Office(edge, {}).get("/policies"), 401, "unauthorised")
