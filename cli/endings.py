"""How a command ends: one sentence and an exit code for whatever went wrong, never a traceback.

0 ok, 1 found something wrong, 2 bad usage or settings, 3 something outside is away.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import typer

from domain.errors import DomainError
from persistence import failures

WRONG, BAD_USAGE, AWAY = 1, 2, 3
Found = TypeVar("Found")


def stop(code: int, sentence: str) -> NoReturn:
    typer.echo(f"error: {sentence}", err=True)
    raise typer.Exit(code)


@contextmanager
def in_sentences() -> Iterator[None]:
    """The errors that a command may meet, ended properly."""
    try:
        yield
    except failures.RecordRefused as refused:
        stop(WRONG, f"the record refused it: {refused}")
    except failures.ChangedMeanwhile as changed:
        stop(WRONG, str(changed))
    except failures.AddressUnreadable as unreadable:
        stop(BAD_USAGE, str(unreadable))
    except failures.RecordFailure as away:
        stop(AWAY, str(away))
    except DomainError as refused:
        stop(BAD_USAGE, str(refused))


def run(work: Coroutine[Any, Any, Found]) -> Found:
    """Do the work of a command."""
    with in_sentences():
        return asyncio.run(work)
