"""What agrees is found to hold, and the command says so."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from tests.sandbox.town_under_test import in_process, until
from verify import check
from verify.__main__ import main
from verify.comparison import EXAMPLES, Comparison, Side
from verify.invariants import INVARIANTS, name_of, sentence_of

Dump = dict[str, Any]

slow = pytest.mark.slow


@slow
def test_a_world_told_alike_by_both_sides_holds(small_dump: Dump, small_record: str) -> None:
    found = check(small_dump, small_record)
    assert {each.name: each.evidence for each in found if not each.held} == {}
    assert [each.name for each in found] == [name_of(each) for each in INVARIANTS]
    assert [each.name for each in found if each.evidence["there"]["count"] == 0] == []


@slow
async def test_the_sandboxs_own_dump_is_read_and_an_empty_record_lacks_all_of_it(record_url: str) -> None:
    async with in_process() as scene:
        order = await scene.control("orders", order_no="1001")
        await scene.control("payments", out_trade_no=order["out_trade_no"])
        await scene.control("notices", out_trade_no=order["out_trade_no"], fault="forged_signature")
        await scene.push("shop.tea.1001")
        await until(lambda: any(each.type == "parcel.delivered" for each in scene.town.warehouse.post.sent))
        dump = await scene.dump()
    found = {each.name: each.evidence for each in check(dump, record_url) if not each.held}
    lacking = {"shop-orders", "captured-money", "refused-messages", "acknowledged-messages", "pushed-orders", "parcels"}
    assert all(found[name]["missing_here"]["count"] == found[name]["there"]["count"] > 0 for name in lacking)


def test_each_invariant_says_in_a_sentence_what_holds() -> None:
    assert all(sentence_of(each).endswith(".") for each in INVARIANTS)


def test_evidence_counts_everything_and_shows_up_to_twenty_examples() -> None:
    there = {f"{number:03}": 1 for number in range(100)}
    here = {"000": 2, "100": 1, "101": 1}
    comparison = Comparison(Side("a", there), Side("b", here), {"101"}, {"a rule": list(range(30)), "kept": []})
    evidence = comparison.evidence()
    assert (evidence["there"]["count"], evidence["here"]["count"], evidence["undecided"]) == (100, 3, 1)
    assert evidence["missing_here"]["count"] == 99
    assert evidence["missing_here"]["examples"] == [{"id": f"{n:03}", "is": 1} for n in range(1, EXAMPLES + 1)]
    assert evidence["missing_there"] == {"count": 1, "examples": [{"id": "100", "is": 1}]}
    assert evidence["differing"]["examples"] == [{"id": "000", "is": {"there": 1, "here": 2}}]
    assert evidence["broken_rules"] == {"a rule": {"count": 30, "examples": list(range(EXAMPLES))}}


def test_equal_sides_have_equal_fingerprints_whatever_their_order() -> None:
    one, other = Side("a", {"x": {"n": 1, "m": 2}, "y": 3}), Side("b", {"y": 3, "x": {"m": 2, "n": 1}})
    assert one.shown()["sha256"] == other.shown()["sha256"] != Side("c", {"x": 1, "y": 3}).shown()["sha256"]


def run(folder: Path, dump: Dump, database: str) -> tuple[int, str, Any]:
    """Exit code, output, JSON."""
    app = Typer()
    app.command()(main)
    (folder / "dump.json").write_text(json.dumps(dump))
    arguments = ["--dump", str(folder / "dump.json"), "--database", database, "--json", str(folder / "found.json")]
    ended = CliRunner().invoke(app, arguments)
    found = folder / "found.json"
    return ended.exit_code, ended.output, json.loads(found.read_text()) if found.exists() else None


@slow
def test_the_command_ends_with_0_when_all_holds(tmp_path: Path, small_dump: Dump, small_record: str) -> None:
    code, output, found = run(tmp_path, small_dump, small_record)
    assert (code, found["held"]) == (0, True)
    assert f"{len(INVARIANTS)} of {len(INVARIANTS)} invariants hold" in output


@slow
def test_the_command_ends_with_1_and_names_what_is_broken(tmp_path: Path, small_dump: Dump, small_record: str) -> None:
    small_dump["shop"]["orders"][0]["amount_minor"] += 1
    code, output, found = run(tmp_path, small_dump, small_record)
    assert (code, found["held"]) == (1, False)
    assert [each["name"] for each in found["invariants"] if not each["held"]] == ["shop-orders"]
    assert '{"id": "shop/tea/1001", "is": {"there": {"amount_minor": 14401' in output


def test_the_command_ends_with_2_when_there_is_nothing_to_read(tmp_path: Path, small_dump: Dump) -> None:
    code, output, found = run(tmp_path, small_dump, "postgresql://nobody@127.0.0.1:1/nothing")
    assert (code, found) == (2, None)
    assert "cannot verify" in output
