"""What every baseline needs: its settings, the notice read and verified, the finish line told, its edge served."""

import base64
import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from fastapi import FastAPI

DATABASE_URL = os.environ.get("DATABASE_URL", "")
TEMPORAL_ADDRESS = os.environ.get("TEMPORAL_ADDRESS", "")
FINISH_PORT = int(os.environ.get("BENCH_FINISH_PORT", "0"))
PUBLIC_KEY_FILE = os.environ.get("BENCH_PUBLIC_KEY_FILE", "")
WAREHOUSE_URL = f"http://127.0.0.1:{FINISH_PORT}"

_tell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
_tell.setblocking(False)


def tell(verb: str, key: str) -> None:
    """One datagram to the finish line."""
    _tell.sendto(f"{verb} {key}".encode(), ("127.0.0.1", FINISH_PORT))


@dataclass(frozen=True)
class Notice:
    order_no: str
    trade_no: str
    notify_id: str
    amount_minor: int
    body: str


class Forged(Exception):
    """The signature is not the provider's."""


def read_notice(body: bytes) -> Notice:
    """Raises Forged."""
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name not in ("sign", "sign_type"))
    try:
        _public_key().verify(base64.b64decode(fields["sign"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except Exception as error:
        raise Forged from error
    yuan, _, fen = fields["total_amount"].partition(".")
    return Notice(
        fields["out_trade_no"].partition("_")[2],
        fields["trade_no"],
        fields["notify_id"],
        int(yuan) * 100 + int(fen),
        body.decode(),
    )


@cache
def _public_key() -> rsa.RSAPublicKey:
    key = serialization.load_pem_public_key(Path(PUBLIC_KEY_FILE).read_bytes())
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def serve(app: FastAPI, port: int) -> None:
    app.add_api_route("/health/ready", _ready)
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")


async def _ready() -> dict[str, str]:
    return {"status": "ok"}
