"""What a command needs from outside itself: no more settings than it uses, and connections for its time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsError

from cli.endings import BAD_USAGE, stop
from persistence import failures
from persistence.engine import Engine, connect
from runtime.config import OurSettings, Settings, read_key, read_key_ring, usual_name

PREFIX = "LOCKSTEP_"
KEY_RING = "must read id:key or id:key,id:key with keys of 32 bytes in base64"
Kind = TypeVar("Kind", bound=BaseSettings)


class RecordSettings(OurSettings):
    """For commands that speak only with Postgres."""

    database_url: str = Field(validation_alias=usual_name("DATABASE_URL"))


class KeySettings(RecordSettings):
    """For commands that touch what is sealed."""

    record_key: SecretStr

    @field_validator("record_key")
    @classmethod
    def _whole_key(cls, key: SecretStr) -> SecretStr:
        read_key(key.get_secret_value())
        return key

    @property
    def record_key_bytes(self) -> bytes:
        return read_key(self.record_key.get_secret_value())


class CodecSettings(RecordSettings):
    """For the codec endpoint: it opens no order, no evidence and no customer's data, so it gets no key for them."""

    payload_keys: SecretStr
    temporal_ui_url: str = Field(pattern=r"^https?://[^/]+")

    @field_validator("payload_keys")
    @classmethod
    def _whole_keys(cls, keys: SecretStr) -> SecretStr:
        try:
            read_key_ring(keys.get_secret_value())
        except ValueError as wrong:
            raise ValueError(KEY_RING) from wrong
        return keys


def read(kind: type[Kind]) -> Kind:
    """The settings; ends the command with a sentence for each variable that is missing or wrong."""
    try:
        return kind()
    except ValidationError as invalid:
        stop(BAD_USAGE, "; ".join(_sentence(each) for each in invalid.errors()))
    except SettingsError as unreadable:
        name = str(unreadable).split('"')[1] if '"' in str(unreadable) else "a variable"
        stop(BAD_USAGE, f"{_variable(name)} is not valid JSON")


def read_all() -> Settings:
    """The settings of a program that serves, with what is only looked at once it runs."""
    settings = read(Settings)
    payload_keys(settings)
    if not settings.warehouse_secret_list:
        stop(BAD_USAGE, "LOCKSTEP_WAREHOUSE_SECRETS is not set: nothing the warehouse says could be verified")
    for variable, accounts in (("ALIPAY", settings.alipay_accounts), ("WECHATPAY", settings.wechatpay_accounts)):
        for file in (file for account in accounts for file in account.files):
            if not file.is_file():
                stop(BAD_USAGE, f"LOCKSTEP_{variable}_ACCOUNTS names {file}, which is no file")
    return settings


def payload_keys(settings: Settings) -> dict[str, bytes]:
    try:
        return settings.payload_key_ring
    except ValueError:
        stop(BAD_USAGE, f"LOCKSTEP_PAYLOAD_KEYS {KEY_RING}")


def _sentence(error: Any) -> str:
    """Names the variable, never its value."""
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:  # about several variables, and names them
        return str(message)
    first, *rest = (str(part) for part in error["loc"])
    where = f" ({'.'.join(rest)})" if rest else ""
    if error["type"] == "missing" and not rest:
        return f"{_variable(first)} is not set"
    return f"{_variable(first)}{where}: {message}"


def _variable(field: str) -> str:
    """Variables without our prefix are told by their own names."""
    return field if field.isupper() else f"{PREFIX}{field.upper()}"


@asynccontextmanager
async def open_record(settings: RecordSettings) -> AsyncIterator[Engine]:
    """Raises RecordFailure for whatever Postgres says to the work inside."""
    with failures.in_words():
        engine = connect(settings.database_url, pool_size=2)
        try:
            yield engine
        finally:
            await engine.dispose()
