"""`lockstep report`: a month without refunds, and what is no month."""

import pytest

from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.slow


async def test_an_empty_month_is_an_empty_list_and_bad_input_a_sentence(lockstep: CommandLine) -> None:
    assert await lockstep.data("report", "refunds", "--month", "2026-12") == []
    odd = await lockstep("report", "refunds", "--month", "2026-13")
    assert (odd.code, "is no month" in odd.err) == (2, True)
