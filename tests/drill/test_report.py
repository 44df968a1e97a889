"""What a drill says at its end: what is broken, what was never tried, and how to have it again."""

import json
from collections import Counter
from pathlib import Path

from rich.console import Console

from drill import report as reports
from drill.real.kills import Blow
from drill.report import Report
from drill.virtual.judgement import Found
from drill.virtual.lane import Outcome
from drill.virtual.matrix import CELLS, Cell
from verify import Invariant

FULL = Counter(dict.fromkeys(CELLS, 2))


def outcome(*broken: Found, hits: Counter[Cell] = FULL) -> Outcome:
    return Outcome((16, 17), 4, 5, 6, hits, 1.5, broken)


def said(report: Report) -> str:
    console = Console(record=True, width=200, file=None)
    with console.capture() as captured:
        reports.show(report, console)
    return captured.get()


def test_a_drill_that_hit_everything_and_broke_nothing_held() -> None:
    report = Report(9, must_cover=True, outcomes=[outcome()])
    assert report.held
    assert "every invariant held" in said(report)


def test_a_cell_that_was_never_hit_fails_the_drill_and_is_named() -> None:
    never = CELLS[3]
    report = Report(9, must_cover=True, outcomes=[outcome(hits=Counter({cell: 1 for cell in CELLS if cell != never}))])
    assert not report.held
    assert f"NEVER HIT {never.point} x {never.fault}" in said(report)


def test_a_few_schedules_need_not_fill_the_matrix() -> None:
    assert Report(9, must_cover=False, outcomes=[outcome(hits=Counter())]).held


def test_a_broken_invariant_fails_the_drill_and_says_how_to_have_it_again() -> None:
    report = Report(9, must_cover=True, outcomes=[outcome(Found("reserved-stock", (17,), {"sku": "S00017-TEA"}))])
    assert not report.held
    assert "BROKEN reserved-stock" in said(report)
    assert "make drill SEED=9 ONLY=17" in said(report)


def test_where_the_evidence_names_no_schedule_all_that_were_played_with_it_are_suspect() -> None:
    report = Report(9, must_cover=True, outcomes=[outcome(Found("stalled", (), {}))])
    assert "ONLY=16,17" in said(report)


def test_an_outcome_comes_out_of_its_process_as_it_went_in() -> None:
    gone = outcome(Found("reserved-stock", (17,), {"sku": "S00017-TEA"}))
    assert Outcome.read(json.loads(json.dumps(gone.as_data()))) == gone


def test_a_schedule_that_the_test_server_lost_is_not_counted_and_too_many_of_them_fail_the_drill() -> None:
    lost = Outcome((18,), 0, 0, 0, Counter(), 0.0, stranded=True)
    report = Report(9, must_cover=True, outcomes=[outcome(), lost])
    assert (report.held, report.schedules, report.stranded) == (True, 2, [18])
    assert not Report(9, must_cover=True, outcomes=[outcome(), lost, lost]).held


def test_a_kill_that_never_came_fails_the_drill() -> None:
    report = Report(9, must_cover=False, kills_missed=["worker: push unanswered: not within 90 s"])
    assert not report.held
    assert "NEVER CAME worker: push unanswered" in said(report)


def test_what_the_kills_broke_fails_the_drill() -> None:
    report = Report(9, must_cover=False, broken_by_kills=[Invariant("captured-money", held=False, evidence={})])
    assert not report.held
    assert "BROKEN BY KILLS captured-money" in said(report)


def test_the_report_is_written_for_people_and_for_programs(tmp_path: Path) -> None:
    blow = Blow("worker: push unanswered", "shop/tea/1001", 3, 1.25, 16.1)
    reports.write(Report(9, must_cover=True, outcomes=[outcome(), outcome()], seconds=61.2, blows=[blow]), tmp_path)
    written = json.loads((tmp_path / "report.json").read_text())
    assert (written["held"], written["schedules"], written["cells hit"]) == (True, 4, len(CELLS))
    assert set(written["coverage"]["api: notice kept"].values()) == {4}
    text = (tmp_path / "report.md").read_text()
    assert "| api: notice kept | 4 |" in text
    assert "| worker: push unanswered | shop/tea/1001 | 3 | 1.2 | 16.1 |" in text
