"""The independent verifier: compares the outside's own ledgers with the record in Postgres, by id and amount.

It imports nothing of the product and nothing of the sandbox: it knows the sandbox's dump as a file and the record as
tables. Both must be at rest: what still moves between dump and check shows as a difference.

    check(dump, database_url) -> [Invariant(name, held, evidence), ...]

`verify/invariants.py` is the list; each invariant is a function in the file of its theme.
"""

from verify.comparison import Invariant
from verify.invariants import check

__all__ = ["Invariant", "check"]
