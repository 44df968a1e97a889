"""Settings come from the environment or from mounted files, and a wrong one never tells the others."""

import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from runtime.config import Settings
from workflows import identity

KEY = base64.b64encode(b"k" * 32).decode()
NEEDED = {
    "DATABASE_URL": "postgresql://lockstep@db/lockstep",
    "TEMPORAL_ADDRESS": "temporal:7233",
    "LOCKSTEP_RECORD_KEY": KEY,
    "LOCKSTEP_PAYLOAD_KEYS": f"k1:{KEY}",
}


def test_what_the_environment_does_not_say_comes_from_mounted_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in NEEDED.items():
        monkeypatch.delenv(name, raising=False)
        (tmp_path / name.lower()).write_text(f"{value}\n")
    monkeypatch.setenv("LOCKSTEP_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "nearer:7233")
    settings = Settings()
    assert settings.database_url == NEEDED["DATABASE_URL"]
    assert settings.record_key_bytes == b"k" * 32
    assert settings.temporal_address == "nearer:7233"


def test_a_wrong_setting_does_not_tell_the_secrets_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**NEEDED, "LOCKSTEP_TIME_SCALE": "fast", "TEMPORAL_TLS_CLIENT_CERT_PATH": __file__}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as scale:
        Settings()
    monkeypatch.delenv("LOCKSTEP_TIME_SCALE")
    with pytest.raises(ValidationError) as pair:
        Settings()
    assert KEY not in f"{scale.value}{pair.value}"


def test_a_worker_serves_all_task_queues_unless_told_otherwise() -> None:
    default = Settings.model_fields["queues"].default
    assert tuple(default.split(",")) == identity.TASK_QUEUES
