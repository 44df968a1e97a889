"""In whose name a request acts: that of the person whom its token belongs to, whatever its body says."""

from api.errors import Problem
from domain.people import BY_ITSELF
from persistence.access import Token


def deciding(token: Token, named: str | None) -> str:
    """Who decides. Raises Problem 403 for a token that belongs to nobody, and for another's name in the body."""
    if token.person is None:
        raise Problem(403, "nobodys-token", "only a person decides: use a token made with --person")
    return speaking(token, named or token.person)


def speaking(token: Token, named: str) -> str:
    """Who asks for a refund: a shop's program says which customer; a person asks in his own name only, else 403.

    Nobody has our own name: what it asks for may go back without a signature.
    """
    if named == BY_ITSELF:
        raise Problem(403, "anothers-name", f"{BY_ITSELF} is what Lockstep calls itself: name who asks")
    if token.person not in (None, named):
        raise Problem(403, "anothers-name", "this token belongs to somebody else than the body names")
    return named


def changing(token: Token) -> str:
    """Who changes people or policies, as the logs name him: a person, or a program by its token's name."""
    return token.person or f"token {token.name}"
