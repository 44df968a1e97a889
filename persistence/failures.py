"""What Postgres says instead of doing what it was asked, in sentences: the layers above know no driver.

RecordFailure
├── RecordAway          it does not answer, or not in time
├── RecordNotReady      it answers, but has not our tables
├── RecordRefused       a constraint said no; nothing was written
├── ChangedMeanwhile    somebody else changed it since it was read
└── AddressUnreadable   DATABASE_URL is no address
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

UNDEFINED_TABLE, INVALID_SCHEMA = "42P01", "3F000"


class RecordFailure(Exception):
    pass


class RecordAway(RecordFailure):
    pass


class RecordNotReady(RecordFailure):
    pass


class RecordRefused(RecordFailure):
    pass


class ChangedMeanwhile(RecordFailure):
    """`version` is what stands there now; 0 when nothing does."""

    def __init__(self, name: str, version: int) -> None:
        super().__init__(f"{name} was changed meanwhile: it is at version {version}, look again")
        self.version = version


class AddressUnreadable(RecordFailure):
    pass


@contextmanager
def in_words() -> Iterator[None]:
    """Raises RecordFailure for what the driver raises inside. No sentence holds the password."""
    try:
        yield
    except (exc.ArgumentError, exc.NoSuchModuleError):
        raise AddressUnreadable("DATABASE_URL is no address: write postgresql://user:password@host:port/name") from None
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as away:
        raise RecordAway(f"Postgres does not answer: {_first_line(away)}") from away
    except exc.IntegrityError as refused:
        raise RecordRefused(_first_line(refused)) from refused
    except exc.ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in (UNDEFINED_TABLE, INVALID_SCHEMA):
            raise
        raise RecordNotReady("this database has no tables of Lockstep: run `lockstep migrate` first") from error


def _first_line(error: exc.SQLAlchemyError) -> str:
    said = str(error.orig if isinstance(error, exc.DBAPIError) else error)
    return said.strip().splitlines()[0] if said.strip() else type(error).__name__
