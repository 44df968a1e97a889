"""The connection to Postgres."""

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Engine = AsyncEngine  # by these names the layers above speak of them, so that only this package knows sqlalchemy
Connection = AsyncConnection


def connect(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine for `postgresql+psycopg://...`; a statement ends after 3 s, like the local activity that runs it."""
    return create_async_engine(
        _with_driver(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,  # an error tells the statement, not what was to be written
        connect_args={
            "connect_timeout": 3,
            "options": "-c statement_timeout=3000 -c lock_timeout=3000 -c timezone=UTC",
            "application_name": "lockstep",
        },
    )


def _with_driver(url: str) -> str:
    """Accept the usual `postgres://` forms too."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url
