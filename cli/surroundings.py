"""What a command needs from outside itself: no more settings than it uses, and connections for its time."""

import getpass
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

import typer
from pydantic import Field
from pydantic_settings import BaseSettings

from cli.endings import BAD_USAGE, stop
from persistence import failures
from persistence.engine import Engine, connect
from runtime.config import KeyRing, OurSettings, WholeKey, read_key, usual_name
from runtime.starting import WrongSettings, read_settings

Kind = TypeVar("Kind", bound=BaseSettings)


class RecordSettings(OurSettings):
    """For commands that speak only with Postgres."""

    database_url: str = Field(validation_alias=usual_name("DATABASE_URL"))


class KeySettings(RecordSettings):
    """For commands that touch what is sealed."""

    record_key: WholeKey

    @property
    def record_key_bytes(self) -> bytes:
        return read_key(self.record_key.get_secret_value())


class CodecSettings(RecordSettings):
    """For the codec endpoint: it opens no order, no evidence and no customer's data, so it gets no key for them."""

    payload_keys: KeyRing
    temporal_ui_url: str = Field(pattern=r"^https?://[^/]+")


def read(kind: type[Kind]) -> Kind:
    """The settings; ends the command with a sentence for each variable that is missing or wrong."""
    try:
        return read_settings(kind)
    except WrongSettings as wrong:
        stop(BAD_USAGE, str(wrong))


def shell_user() -> str:
    try:
        return f"shell user {getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return f"shell user {os.getuid()}"


def _somebody(name: str) -> str:
    if not name.strip():
        raise typer.BadParameter("say who does it")
    return name.strip()


By = Annotated[
    str,
    typer.Option(
        "--by",
        default_factory=shell_user,
        callback=_somebody,
        show_default="the user of this shell",
        help="Who does it: the audit log says so.",
    ),
]


@asynccontextmanager
async def open_record(settings: RecordSettings) -> AsyncIterator[Engine]:
    """Raises RecordFailure for whatever Postgres says to the work inside."""
    with failures.in_words():
        engine = connect(settings.database_url, pool_size=2)
        try:
            yield engine
        finally:
            await engine.dispose()
