"""Where Temporal is and how to get in, as the client takes it. Light: commands that only ask need no more."""

from typing import TypedDict

from temporalio.service import TLSConfig

from runtime.config import TemporalSettings


class Access(TypedDict):
    """Arguments of `Client.connect`."""

    target_host: str
    namespace: str
    api_key: str | None
    tls: bool | TLSConfig


def access(settings: TemporalSettings) -> Access:
    """Reads the files of certificates. An API key never goes over a connection that is not encrypted."""
    api_key = settings.temporal_api_key.get_secret_value() or None
    return {
        "target_host": settings.temporal_address,
        "namespace": settings.temporal_namespace,
        "api_key": api_key,
        "tls": _tls(settings) or settings.temporal_tls or api_key is not None,
    }


def _tls(settings: TemporalSettings) -> TLSConfig | None:
    """None where nothing is said about certificates."""
    authority, ours = settings.temporal_tls_server_ca_cert_path, settings.temporal_tls_client_cert_path
    key, name = settings.temporal_tls_client_key_path, settings.temporal_tls_server_name
    if not (authority or ours or name):
        return None
    return TLSConfig(
        server_root_ca_cert=authority.read_bytes() if authority else None,
        domain=name or None,
        client_cert=ours.read_bytes() if ours else None,
        client_private_key=key.read_bytes() if key else None,
    )
