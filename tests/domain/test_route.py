"""One word for the goods of a refund."""

import pytest

from domain.route import MIXED, category_of


@pytest.mark.parametrize(
    ("categories", "word"),
    [
        ((), ""),
        (("tea",), "tea"),
        (("tea", "tea"), "tea"),
        (("tea", "jewelry"), MIXED),
        (("", "jewelry"), MIXED),
        (("",), ""),
    ],
)
def test_several_categories_are_mixed_and_nothing_hides_another(categories: tuple[str, ...], word: str) -> None:
    assert category_of(categories) == word
