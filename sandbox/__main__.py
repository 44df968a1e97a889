"""`python -m sandbox keys | serve | dump`."""

from pathlib import Path
from typing import Annotated

import httpx
import typer

from sandbox.app import build
from sandbox.dump import write_dump
from sandbox.server import server
from sandbox.town import Settings
from sandbox.world import World, create

cli = typer.Typer(
    help="The pretend outside world: Alipay, WeChat Pay, a warehouse and two shops.", no_args_is_help=True
)

Directory = Annotated[Path, typer.Option("--dir", help="where keys and world.json are")]
Port = Annotated[int, typer.Option(help="port on 127.0.0.1")]


@cli.command()
def keys(directory: Directory) -> None:
    """Create keys, account numbers and secrets; what is there stays."""
    world = create(directory)
    print(f"{directory}: Alipay app {world.accounts.app_id}, seller {world.accounts.seller_id}")
    print(f"{directory}: WeChat Pay app {world.wechatpay.accounts.app_id}, mchid {world.wechatpay.accounts.mchid}")


@cli.command()
def serve(
    *,
    directory: Directory,
    port: Port,
    lockstep: Annotated[str, typer.Option(help="base URLs of Lockstep's API, separated by commas")],
    api_token: Annotated[str, typer.Option(help="the shop's token for Lockstep's API")] = "",
    time_scale: Annotated[float, typer.Option(help="how many times faster than real time")] = 60.0,
    packing: Annotated[tuple[float, float] | None, typer.Option(help="minutes in the warehouse: FROM TO")] = None,
    returns: Annotated[tuple[float, float] | None, typer.Option(help="minutes of a way back: FROM TO")] = None,
    dump: Annotated[Path | None, typer.Option(help="write the ledgers to this file at the end")] = None,
) -> None:
    """Serve all of it until interrupted."""
    urls = [url.strip() for url in lockstep.split(",") if url.strip()]
    settings = Settings(urls, api_token, time_scale, packing_minutes=packing, return_minutes=returns)
    server(build(World.load(directory), settings, dump_to=dump), port).run()


@cli.command("dump")
def dump_now(port: Port, file: Path) -> None:
    """Write the ledgers of a sandbox that is running to a file."""
    answer = httpx.get(f"http://127.0.0.1:{port}/control/dump", timeout=30, trust_env=False)
    answer.raise_for_status()
    write_dump(file, answer.json())


if __name__ == "__main__":
    cli()
