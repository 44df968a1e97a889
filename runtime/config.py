"""Settings: everything the environment says, read once, checked at the start. Variables begin with LOCKSTEP_.

`DATABASE_URL` and `TEMPORAL_...` keep their usual names. The table in docs/operations.md names all of them.
"""

import base64
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    Field,
    FilePath,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

from domain.limits import Limits
from runtime.bazaar_settings import BazaarShopSettings
from runtime.news_settings import NewsSettings
from runtime.reminder_settings import ReminderLimits
from runtime.shop_settings import ShopListenerSettings

KEY_BYTES = 32
SHORTEST_WEBHOOK_SECRET_BYTES = 16
_MADE_BY = "make one with `openssl rand -base64 32`"
FORMS = {
    "record_key": f"must be 32 bytes in base64: {_MADE_BY}",
    "payload_keys": f"must read id:key or id:key,id:key with keys of 32 bytes in base64: {_MADE_BY}",
    "warehouse_secrets": f"must be secrets with commas between, each 16 bytes or more in base64: {_MADE_BY}",
}
"""What each secret looks like, and how to make one."""


def _whole_key(key: SecretStr) -> SecretStr:
    read_key(key.get_secret_value())
    return key


def _whole_ring(keys: SecretStr) -> SecretStr:
    read_key_ring(keys.get_secret_value())
    return keys


def _whole_secrets(secrets: SecretStr) -> SecretStr:
    for each in _listed(secrets):
        try:
            long = len(base64.b64decode(each.removeprefix("whsec_"), validate=True)) >= SHORTEST_WEBHOOK_SECRET_BYTES
        except ValueError:
            long = False
        if not long:
            raise ValueError(FORMS["warehouse_secrets"])
    return secrets


WholeKey = Annotated[SecretStr, AfterValidator(_whole_key)]
KeyRing = Annotated[SecretStr, AfterValidator(_whole_ring)]
WebhookSecrets = Annotated[SecretStr, AfterValidator(_whole_secrets)]


class AlipayAccountSettings(BaseModel):
    """One merchant account at Alipay; keys are PEM files. Two public keys are valid while Alipay's key rotates."""

    name: str
    app_id: str
    seller_id: str
    alipay_public_key_files: tuple[Path, ...]
    app_private_key_file: Path
    gateway_url: str = "https://openapi.alipay.com/gateway.do"

    @property
    def files(self) -> tuple[Path, ...]:
        return (*self.alipay_public_key_files, self.app_private_key_file)


class WechatPayAccountSettings(BaseModel):
    """One merchant number at WeChat Pay and the apps that sell for it; keys are files.

    `platform_key_files`: WeChat Pay's keys by id, PEM. A platform certificate has its serial number for an id, a public
    key `PUB_KEY_ID_...`. All of them are valid; answers are asked to be signed with the first. All APIv3 keys are
    valid, too.
    """

    name: str
    mchid: str
    app_ids: tuple[str, ...]
    platform_key_files: dict[str, Path]
    api_v3_key_files: tuple[Path, ...]
    merchant_serial: str
    merchant_private_key_file: Path
    api_url: str = "https://api.mch.weixin.qq.com"

    @property
    def files(self) -> tuple[Path, ...]:
        return (*self.platform_key_files.values(), *self.api_v3_key_files, self.merchant_private_key_file)


def usual_name(variable: str) -> AliasChoices:
    """For a variable without our prefix."""
    return AliasChoices(variable, variable.lower())


class OurSettings(BaseSettings):
    """From the environment, else from files of the same names in the folder LOCKSTEP_SECRETS_DIR (mounted secrets)."""

    model_config = SettingsConfigDict(
        env_prefix="LOCKSTEP_", env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the framework gives it, nobody uses it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = os.environ.get("LOCKSTEP_SECRETS_DIR")
        return init_settings, env_settings, *((SecretsSettingsSource(settings_cls, folder),) if folder else ())


class TemporalSettings(OurSettings):
    """Where Temporal is and how to get in; the variables are those that Temporal's own command reads."""

    temporal_address: str = Field(validation_alias=usual_name("TEMPORAL_ADDRESS"))
    temporal_namespace: str = Field(default="default", validation_alias=usual_name("TEMPORAL_NAMESPACE"))
    temporal_retention_days: int = Field(default=30, ge=1)
    """How long `lockstep namespace` lets Temporal keep the history of an order that has ended."""
    temporal_api_key: SecretStr = Field(default=SecretStr(""), validation_alias=usual_name("TEMPORAL_API_KEY"))
    """Temporal Cloud. With a key the connection is always encrypted."""
    temporal_tls: bool = Field(default=False, validation_alias=usual_name("TEMPORAL_TLS"))
    """Also on when one of the following or an API key is given."""
    temporal_tls_server_ca_cert_path: FilePath | None = Field(
        default=None, validation_alias=usual_name("TEMPORAL_TLS_SERVER_CA_CERT_PATH")
    )
    """The authority that signed the server's certificate, where it is not a public one."""
    temporal_tls_server_name: str = Field(default="", validation_alias=usual_name("TEMPORAL_TLS_SERVER_NAME"))
    """The name in the server's certificate, where it is not the address."""
    temporal_tls_client_cert_path: FilePath | None = Field(
        default=None, validation_alias=usual_name("TEMPORAL_TLS_CLIENT_CERT_PATH")
    )
    """Our own certificate, where the server asks for one."""
    temporal_tls_client_key_path: FilePath | None = Field(
        default=None, validation_alias=usual_name("TEMPORAL_TLS_CLIENT_KEY_PATH")
    )

    @model_validator(mode="after")
    def _whole_certificate(self) -> Self:
        if (self.temporal_tls_client_cert_path is None) != (self.temporal_tls_client_key_path is None):
            raise ValueError("TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH go together")
        return self


class Settings(TemporalSettings):
    database_url: str = Field(validation_alias=usual_name("DATABASE_URL"))
    database_pool: int = Field(default=5, ge=1)  # connections, and steps of the record that a worker takes at a time
    record_key: WholeKey
    """32 bytes in base64: seals evidence and wraps the customers' keys."""
    payload_keys: KeyRing
    """`id:base64,id:base64`: encrypt what goes through Temporal. The first one encrypts, all of them decrypt."""
    alipay_accounts: tuple[AlipayAccountSettings, ...] = ()
    wechatpay_accounts: tuple[WechatPayAccountSettings, ...] = ()
    warehouse_url: str = ""
    warehouse_token: SecretStr = SecretStr("")
    warehouse_secrets: WebhookSecrets = SecretStr("")
    """Comma-separated; all of them are valid, so that a secret can rotate."""
    shop_listeners: tuple[ShopListenerSettings, ...] = ()
    """The shops that are told their stock levels; none is told without."""
    bazaar_shops: tuple[BazaarShopSettings, ...] = ()
    news: NewsSettings = NewsSettings()
    """How people are told what happened."""
    public_url: str = "http://127.0.0.1:8000"
    temporal_ui_url: str = ""
    queues: str = "orders,refunds,payments,warehouse,outbox"
    """The task queues this worker serves."""
    shop_requests_per_minute: int = Field(default=6000, ge=1)
    """For each token: orders, cancellations, mended recipients."""
    staff_requests_per_minute: int = Field(default=600, ge=1)  # each token: reading orders, reading and deciding cases
    refusals_kept_per_hour: int = Field(default=300, ge=1)
    """Refused webhooks that are kept as evidence for each sender's address; ten times as many for all of a source."""
    trusted_proxies: str = ""
    """Comma-separated addresses or networks of proxies of ours: they tell whose request they pass on."""
    limits: Limits = Limits()
    reminder_limits: ReminderLimits = {}  # what superiors are told of at another time than when it is due
    due_back_by_itself: bool = True
    """Whether money that is due back goes back by itself, as far as the policy lets it; else a person asks for it."""
    undo_per_second: float = Field(default=5.0, gt=0, le=100)
    """How many trades of a released plan are undone each second, at most."""
    time_scale: float = Field(default=1.0, gt=0)
    """1 is real time; the demo lets an hour pass in a minute with 60."""
    tracing: bool = True
    """Every incoming message has a trace id, in its log lines and in the audit log; spans only with an endpoint."""
    metrics_address: str = ""
    """`host:port` where Prometheus may read this process's metrics; nowhere when empty."""
    temporal_metrics_address: str = ""
    """`host:port` for those of the Temporal SDK, which counts and serves by itself; nowhere when empty."""
    otlp_endpoint: str = ""
    """Base address of an OTLP/HTTP collector for metrics and traces, `http://collector:4318`; none when empty."""

    @field_validator("shop_listeners")
    @classmethod
    def _one_listener_for_a_shop(cls, listeners: tuple[ShopListenerSettings, ...]) -> tuple[ShopListenerSettings, ...]:
        if len({each.shop_id for each in listeners}) != len(listeners):
            raise ValueError("names a shop twice")
        return listeners

    @field_validator("metrics_address", "temporal_metrics_address")
    @classmethod
    def _whole_address(cls, address: str) -> str:
        host, _, port = address.rpartition(":")
        if address and not (host and port.isdecimal()):
            raise ValueError("must read host:port, such as 0.0.0.0:9464")
        return address

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, text: str) -> str:
        for each in filter(None, text.split(",")):
            try:
                ip_network(each.strip())
            except ValueError:
                raise ValueError(f"{each.strip()!r} is no address or network: write one such as 10.0.0.0/8") from None
        return text

    @property
    def trusted_proxy_list(self) -> list[str]:
        return [each.strip() for each in self.trusted_proxies.split(",") if each.strip()]

    @property
    def record_key_bytes(self) -> bytes:
        return read_key(self.record_key.get_secret_value())

    @property
    def payload_key_ring(self) -> dict[str, bytes]:
        return read_key_ring(self.payload_keys.get_secret_value())

    @property
    def queue_list(self) -> tuple[str, ...]:
        return tuple(self.queues.split(","))

    @property
    def warehouse_secret_list(self) -> tuple[str, ...]:
        return _listed(self.warehouse_secrets)

    @property
    def scaled_limits(self) -> Limits:
        return self.limits.scaled(self.time_scale)


def _listed(secrets: SecretStr) -> tuple[str, ...]:
    return tuple(each.strip() for each in secrets.get_secret_value().split(",") if each.strip())


def read_key(text: str) -> bytes:
    """32 bytes from base64. ValueError says how to make one."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(FORMS["record_key"])
    return key


def read_key_ring(text: str) -> dict[str, bytes]:
    """Key id -> key; the first one encrypts. ValueError for another form than `id:base64,id:base64`."""
    pairs = [each.strip().partition(":") for each in text.split(",")]
    try:
        ring = {key_id: read_key(key) for key_id, _, key in pairs}
    except ValueError:
        raise ValueError(FORMS["payload_keys"]) from None
    if len(ring) != len(pairs) or "" in ring:
        raise ValueError(FORMS["payload_keys"])
    return ring
