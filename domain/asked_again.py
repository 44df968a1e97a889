"""Requests that follow one another: asked anew after a no, it is another version of the same after-sale."""

from collections.abc import Sequence

from domain.refund import Basis, Refund


def followed(new: Refund, earlier: Sequence[Refund]) -> Refund | None:
    """The last request of the same applicant about any of the same goods that came to nothing.

    `earlier`: in the order in which they were asked for. What was refused at once never was a request.
    """
    if new.basis is not Basis.SALE or not new.amount.amount_minor:
        return None
    return next((each for each in reversed(earlier) if _came_to_nothing(each) and _is_about_the_same(new, each)), None)


def _came_to_nothing(refund: Refund) -> bool:
    return refund.ended and not refund.legs and refund.basis is Basis.SALE and refund.amount.amount_minor > 0


def _is_about_the_same(new: Refund, old: Refund) -> bool:
    mine, theirs = ({each.line_id for each in refund.quote.lines} for refund in (new, old))
    return new.applicant == old.applicant and (bool(mine & theirs) or not (mine or theirs))
