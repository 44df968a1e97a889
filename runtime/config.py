"""Settings: everything the environment says, read once, checked at the start. Variables begin with LOCKSTEP_.

`DATABASE_URL`, `TEMPORAL_ADDRESS` and `TEMPORAL_NAMESPACE` keep their usual names.
"""

import base64
from pathlib import Path

from pydantic import AliasChoices, BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.limits import Limits

KEY_BYTES = 32


class AlipayAccountSettings(BaseModel):
    """One merchant account at Alipay; keys are PEM files. Two public keys are valid while Alipay's key rotates."""

    name: str
    app_id: str
    seller_id: str
    alipay_public_key_files: tuple[Path, ...]
    app_private_key_file: Path
    gateway_url: str = "https://openapi.alipay.com/gateway.do"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LOCKSTEP_", env_nested_delimiter="__", extra="ignore")

    database_url: str = Field(validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    database_pool: int = 10
    temporal_address: str = Field(validation_alias=AliasChoices("TEMPORAL_ADDRESS", "temporal_address"))
    temporal_namespace: str = Field(
        default="default", validation_alias=AliasChoices("TEMPORAL_NAMESPACE", "temporal_namespace")
    )
    record_key: SecretStr
    """32 bytes in base64: seals evidence and wraps the customers' keys."""
    payload_keys: SecretStr
    """`id:base64,id:base64`: encrypt what goes through Temporal. The first one encrypts, all of them decrypt."""
    alipay_accounts: tuple[AlipayAccountSettings, ...] = ()
    warehouse_url: str = ""
    warehouse_token: SecretStr = SecretStr("")
    warehouse_secrets: SecretStr = SecretStr("")
    """Comma-separated; all of them are valid, so that a secret can rotate."""
    public_url: str = "http://127.0.0.1:8000"
    temporal_ui_url: str = ""
    queues: str = "orders,payments,warehouse"
    """The task queues this worker serves."""
    limits: Limits = Limits()
    time_scale: float = 1.0
    """1 is real time; the demo lets an hour pass in a minute with 60."""

    @field_validator("record_key")
    @classmethod
    def _whole_key(cls, key: SecretStr) -> SecretStr:
        read_key(key.get_secret_value())
        return key

    @property
    def record_key_bytes(self) -> bytes:
        return read_key(self.record_key.get_secret_value())

    @property
    def payload_key_ring(self) -> dict[str, bytes]:
        """Key id -> key; the first one encrypts."""
        pairs = (each.split(":", 1) for each in self.payload_keys.get_secret_value().split(","))
        return {key_id: read_key(text) for key_id, text in pairs}

    @property
    def warehouse_secret_list(self) -> tuple[str, ...]:
        return tuple(each for each in self.warehouse_secrets.get_secret_value().split(",") if each)

    @property
    def scaled_limits(self) -> Limits:
        return self.limits.scaled(self.time_scale)


def read_key(text: str) -> bytes:
    """32 bytes from base64. ValueError says how to make one."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("must be 32 bytes in base64: make one with `openssl rand -base64 32`")
    return key
