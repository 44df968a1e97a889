import json
import stat
from pathlib import Path

from typer.testing import CliRunner

from sandbox.__main__ import cli
from sandbox.world import World, create


def test_keys_are_private_and_stay(tmp_path: Path) -> None:
    directory = tmp_path / "world"
    first = CliRunner().invoke(cli, ["keys", "--dir", str(directory)])
    assert first.exit_code == 0, first.output
    files = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert set(files) == {
        "alipay_private.pem",
        "alipay_public.pem",
        "app_private.pem",
        "app_public.pem",
        "merchant_private.pem",
        "merchant_public.pem",
        "wechatpay.json",
        "wechatpay_api_v3_key.txt",
        "wechatpay_certificate.pem",
        "wechatpay_certificate_private.pem",
        "wechatpay_certificate_public.pem",
        "wechatpay_key_private.pem",
        "wechatpay_key_public.pem",
        "world.json",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}
    assert CliRunner().invoke(cli, ["keys", "--dir", str(directory)]).exit_code == 0
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == files


def test_a_lost_public_key_is_written_again_from_its_private_one(tmp_path: Path) -> None:
    create(tmp_path)
    before = (tmp_path / "app_public.pem").read_bytes()
    (tmp_path / "app_public.pem").unlink()
    create(tmp_path)
    assert (tmp_path / "app_public.pem").read_bytes() == before


def test_an_older_world_json_gets_what_has_been_added_since_and_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    create(tmp_path)
    whole = json.loads(file.read_text())
    file.write_text(json.dumps({name: value for name, value in whole.items() if name != "shop_secret"}))
    create(tmp_path)
    mended = json.loads(file.read_text())
    assert mended.keys() == whole.keys()
    assert mended | {"shop_secret": whole["shop_secret"]} == whole
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_world_json_names_us_and_strangers(tmp_path: Path) -> None:
    create(tmp_path)
    accounts = json.loads((tmp_path / "world.json").read_text())
    assert accounts["app_id"] != accounts["foreign_app_id"]
    assert accounts["seller_id"] != accounts["foreign_seller_id"]
    assert World.load(tmp_path).accounts.model_dump() == accounts
