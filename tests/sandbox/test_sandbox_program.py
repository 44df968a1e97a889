import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from sandbox.world import create

SANDBOX = (sys.executable, "-m", "sandbox")


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            httpx.get(url, trust_env=False).raise_for_status()
        except httpx.TransportError:
            assert time.monotonic() < end, "the sandbox does not start"
            time.sleep(0.1)
        else:
            return


@pytest.mark.slow
def test_serve_dump_and_end(tmp_path: Path) -> None:
    create(tmp_path)
    port, nobody = a_free_port(), a_free_port()
    url = f"http://127.0.0.1:{port}/control"
    now, end = tmp_path / "now.json", tmp_path / "end.json"
    options = ["--dir", str(tmp_path), "--port", str(port), "--lockstep", f"http://127.0.0.1:{nobody}"]
    serving = subprocess.Popen([*SANDBOX, "serve", *options, "--dump", str(end)])
    try:
        wait_for(f"{url}/progress")
        payment = {"out_trade_no": "tea_1", "amount_minor": 100}
        httpx.post(f"{url}/payments", json=payment, trust_env=False).raise_for_status()
        subprocess.run([*SANDBOX, "dump", "--port", str(port), str(now)], check=True)
    finally:
        serving.terminate()
        code = serving.wait(10)
    assert code in {0, -signal.SIGTERM}
    for file in (now, end):
        (trade,) = json.loads(file.read_text())["alipay"]["trades"]
        assert trade["out_trade_no"] == "tea_1"
