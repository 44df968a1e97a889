"""The connection to Postgres."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Engine = AsyncEngine  # by these names the layers above speak of them, so that only this package knows sqlalchemy
Connection = AsyncConnection


def connect(url: str, *, pool_size: int = 5) -> AsyncEngine:
    """An engine for `postgresql+psycopg://...`; a statement ends after 3 s, like the local activity that runs it.

    Few connections, the last one used first: what Postgres has planned for a connection is then used again.
    """
    return create_async_engine(
        _with_driver(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_use_lifo=True,
        hide_parameters=True,  # an error tells the statement, not what was to be written
        connect_args={
            "connect_timeout": 3,
            "prepare_threshold": 2,
            "options": "-c statement_timeout=3000 -c lock_timeout=3000 -c timezone=UTC",
            "application_name": "lockstep",
        },
    )


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection for questions, without a transaction.

    A read that ends by a rollback makes psycopg forget what it has prepared: all statements would be planned anew.
    """
    async with engine.connect() as db:
        await db.execution_options(isolation_level="AUTOCOMMIT")
        yield db


def _with_driver(url: str) -> str:
    """Accept the usual `postgres://` forms too."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url
