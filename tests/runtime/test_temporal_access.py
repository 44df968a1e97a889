"""How we get in at Temporal: in clear on one machine, by certificate or API key everywhere else."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import TLSConfig

from ports.clock import SystemClock
from runtime.config import TemporalSettings
from runtime.temporal_access import access

ADDRESS = "temporal.example:7233"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """An authority's certificate, and one it signed for `temporal.example` with its key."""
    authority, ours = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    found = {name: tmp_path / f"{name}.pem" for name in ("authority", "cert", "key")}
    found["authority"].write_bytes(certificate("authority.example", authority, authority, ca=True))
    found["cert"].write_bytes(certificate("temporal.example", ours, authority, ca=False))
    encoded = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    found["key"].write_bytes(ours.private_bytes(*encoded))
    return found


def certificate(name: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, *, ca: bool) -> bytes:
    called = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (name, "authority.example")]
    now = SystemClock().now()
    built = (
        x509.CertificateBuilder()
        .subject_name(called[0])
        .issuer_name(called[1])
        .public_key(key.public_key())
        .serial_number(1 if ca else 2)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    return built.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def said(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> TemporalSettings:
    for name, value in {"TEMPORAL_ADDRESS": ADDRESS, **variables}.items():
        monkeypatch.setenv(name, value)
    return TemporalSettings()


def test_without_more_it_speaks_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = said(monkeypatch, {"TEMPORAL_NAMESPACE": "shops"})
    assert access(settings) == {"target_host": ADDRESS, "namespace": "shops", "api_key": None, "tls": False}


def test_an_api_key_never_goes_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = access(said(monkeypatch, {"TEMPORAL_API_KEY": "k-1", "TEMPORAL_TLS": "false"}))
    assert (arguments["api_key"], arguments["tls"]) == ("k-1", True)


def test_the_variables_mean_what_they_mean_to_temporals_own_loader(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, Path]
) -> None:
    variables = {
        "TEMPORAL_NAMESPACE": "shops",
        "TEMPORAL_TLS": "true",
        "TEMPORAL_TLS_SERVER_NAME": "temporal.example",
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(files["authority"]),
        "TEMPORAL_TLS_CLIENT_CERT_PATH": str(files["cert"]),
        "TEMPORAL_TLS_CLIENT_KEY_PATH": str(files["key"]),
        "TEMPORAL_API_KEY": "k-1",
    }
    ours = access(said(monkeypatch, variables))
    theirs = ClientConfig.load_client_connect_config(disable_file=True)
    assert {**ours} == {**theirs}


def test_a_name_alone_is_enough_for_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = access(said(monkeypatch, {"TEMPORAL_TLS_SERVER_NAME": "temporal.example"}))
    assert arguments["tls"] == TLSConfig(domain="temporal.example")


def test_half_a_certificate_is_refused(monkeypatch: pytest.MonkeyPatch, files: dict[str, Path]) -> None:
    with pytest.raises(ValidationError, match="TEMPORAL_TLS_CLIENT_KEY_PATH go together"):
        said(monkeypatch, {"TEMPORAL_TLS_CLIENT_CERT_PATH": str(files["cert"])})


def test_a_missing_file_is_named_before_anything_connects(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="TEMPORAL_TLS_SERVER_CA_CERT_PATH"):
        said(monkeypatch, {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(tmp_path / "none.pem")})


async def test_the_server_sees_our_certificate_and_the_name_it_expects(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, Path]
) -> None:
    """Up to the end of the handshake: behind it stands no Temporal, so that the connection fails."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["cert"], files["key"])
    context.load_verify_locations(files["authority"])
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_REQUIRED
    asked_for: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    shown: asyncio.Queue[object] = asyncio.Queue()

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown.put_nowait(writer.get_extra_info("peercert"))
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    async with server:
        variables = {
            "TEMPORAL_ADDRESS": f"127.0.0.1:{server.sockets[0].getsockname()[1]}",
            "TEMPORAL_TLS_SERVER_NAME": "temporal.example",
            "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(files["authority"]),
            "TEMPORAL_TLS_CLIENT_CERT_PATH": str(files["cert"]),
            "TEMPORAL_TLS_CLIENT_KEY_PATH": str(files["key"]),
        }
        async with asyncio.timeout(30):
            with pytest.raises(RuntimeError):
                await Client.connect(**access(said(monkeypatch, variables)))
            presented = await shown.get()
    assert isinstance(presented, dict)
    assert presented["subject"] == ((("commonName", "temporal.example"),),)
    assert set(asked_for) == {"temporal.example"}
