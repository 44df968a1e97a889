"""`lockstep invoice`: recorded, refused with a sentence, listed at the end of the month."""

import pytest

from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.slow


async def test_bad_input_ends_with_a_sentence_and_an_empty_month_with_an_empty_list(lockstep: CommandLine) -> None:
    unknown = await lockstep("invoice", "record", "shop/tea/9999", "2442", "1.00", "--by", "mei")
    assert (unknown.code, "no order shop/tea/9999" in unknown.err) == (1, True)
    odd = await lockstep("invoice", "record", "shop/tea/9999", "2442", "1.001", "--by", "mei")
    assert odd.code == 2
    nothing = await lockstep("invoice", "reverse", "r1", "RED-1", "--by", "mei")
    assert (nothing.code, "owes no red letter" in nothing.err) == (1, True)
    assert await lockstep.data("invoice", "owed", "--month", "2026-12") == []
    assert (await lockstep("invoice", "owed", "--month", "2026-13")).code == 2
