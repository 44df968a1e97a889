"""What keeps a program of ours from starting is one sentence that says what to do, and an exit code."""

import asyncio
import base64
import json
import os
import sys
from pathlib import Path

import pytest

from runtime.starting import WrongSettings, read_all_settings, tell_unknown_variables, unknown_variables

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(b"k" * 32).decode()
SHORT = base64.b64encode(b"k" * 15).decode()
MAKE_ONE = "make one with `openssl rand -base64 32`"
WHOLE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "TEMPORAL_ADDRESS": "127.0.0.1:1",
    "LOCKSTEP_RECORD_KEY": KEY,
    "LOCKSTEP_PAYLOAD_KEYS": f"k1:{KEY}",
    "LOCKSTEP_WAREHOUSE_SECRETS": KEY,
}


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("LOCKSTEP_")]:  # noqa: TID251 - it is cleared
        monkeypatch.delenv(name)
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize(
    ("variable", "values"),
    [
        ("LOCKSTEP_RECORD_KEY", [None, "", "short", SHORT, f"{KEY}{KEY}", "!" * 44]),
        ("LOCKSTEP_PAYLOAD_KEYS", [None, "", KEY, "k1:", f"k1:{SHORT}", f":{KEY}", f"k1:{KEY},", f"k1:{KEY},k1:{KEY}"]),
        (
            "LOCKSTEP_WAREHOUSE_SECRETS",
            [None, "", ",", "short", SHORT, f"{KEY},{SHORT}", f"whsec_{SHORT}", "no base64"],
        ),
    ],
)
def test_a_secret_that_is_none_is_told_with_the_way_to_make_one(
    whole: pytest.MonkeyPatch, variable: str, values: list[str | None]
) -> None:
    for value in values:
        whole.delenv(variable) if value is None else whole.setenv(variable, value)
        with pytest.raises(WrongSettings) as wrong:
            read_all_settings()
        assert str(wrong.value).startswith(variable), value
        assert MAKE_ONE in str(wrong.value)
        assert not value or len(value) < 5 or value not in str(wrong.value)
        whole.setenv(variable, WHOLE[variable])


def test_keys_and_secrets_that_rotate_may_be_several(whole: pytest.MonkeyPatch) -> None:
    next_key = base64.b64encode(b"n" * 32).decode()
    whole.setenv("LOCKSTEP_PAYLOAD_KEYS", f"k2:{next_key}, k1:{KEY}")
    whole.setenv("LOCKSTEP_WAREHOUSE_SECRETS", f"whsec_{next_key}, {KEY}")
    settings = read_all_settings()
    assert list(settings.payload_key_ring) == ["k2", "k1"]
    assert settings.warehouse_secret_list == (f"whsec_{next_key}", KEY)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"LOCKSTEP_TIME_SCALE": "0"}, "LOCKSTEP_TIME_SCALE: Input should be greater than 0"),
        ({"LOCKSTEP_DATABASE_POOL": "0"}, "LOCKSTEP_DATABASE_POOL: "),
        ({"LOCKSTEP_ALIPAY_ACCOUNTS": "[{"}, "LOCKSTEP_ALIPAY_ACCOUNTS is not valid JSON"),
        ({"LOCKSTEP_LIMITS__CASE_DECISION": "soon"}, "LOCKSTEP_LIMITS (case_decision): "),
        ({"LOCKSTEP_RECORD_KEY": "x", "LOCKSTEP_TIME_SCALE": "x"}, "; LOCKSTEP_TIME_SCALE: "),
    ],
)
def test_every_wrong_variable_is_named(whole: pytest.MonkeyPatch, changed: dict[str, str], sentence: str) -> None:
    for name, value in changed.items():
        whole.setenv(name, value)
    with pytest.raises(WrongSettings) as wrong:
        read_all_settings()
    assert sentence in str(wrong.value)


def test_a_setting_that_does_not_exist_is_told_with_the_nearest_that_does(
    whole: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole.setenv("LOCKSTEP_WAREHOUSE_SECRET", "x")
    tell_unknown_variables()
    assert caplog.messages == [
        "LOCKSTEP_WAREHOUSE_SECRET is no setting of ours and has no effect: is LOCKSTEP_WAREHOUSE_SECRETS meant?"
    ]


def test_settings_of_ours_and_variables_of_others_are_none_of_these() -> None:
    ours = ("LOCKSTEP_LIMITS__CASE_DECISION", "LOCKSTEP_SECRETS_DIR", "LOCKSTEP_TIME_SCALE", "LOCKSTEP_API_URL")
    assert unknown_variables((*ours, "PATH", "TEMPORAL_ADRESS")) == []
    assert unknown_variables(["LOCKSTEP_XYZZY"]) == ["LOCKSTEP_XYZZY is no setting of ours and has no effect"]


async def ended(*arguments: str, **changed: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env={**os.environ, **WHOLE, **changed},  # noqa: TID251 - a test gives its child an environment
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return process.returncode, said.decode()


API = ("-c", "from cli.main import main; main()", "api", "--port", "1")
UVICORN = ("-m", "uvicorn", "--factory", "api.app:create_app", "--port", "1")
BAD_PEM = json.dumps([{"name": "main", "app_id": "1", "seller_id": "2", "alipay_public_key_files": [str(ROOT / "README.md")], "app_private_key_file": str(ROOT / "README.md")}])  # fmt: skip  # noqa: E501


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "code", "sentence"),
    [
        ({"LOCKSTEP_PAYLOAD_KEYS": "k1:x"}, 2, "LOCKSTEP_PAYLOAD_KEYS: must read id:key"),
        ({"LOCKSTEP_ALIPAY_ACCOUNTS": BAD_PEM}, 2, "Alipay account main: an Alipay public key is not readable PEM"),
        ({"DATABASE_URL": "nowhere"}, 2, "DATABASE_URL is no address"),
        ({}, 3, "Temporal cannot be reached at 127.0.0.1:1"),
    ],
)
@pytest.mark.parametrize("program", [("worker.py",), API, UVICORN], ids=["worker", "api", "uvicorn"])
async def test_no_program_starts_half_and_none_tells_a_traceback(
    program: tuple[str, ...], changed: dict[str, str], code: int, sentence: str
) -> None:
    ended_with, said = await ended(*program, **changed)
    assert f"error: {sentence}" in said
    assert "Traceback" not in said
    assert ended_with == (3 if program is UVICORN else code)  # uvicorn has a code of its own
