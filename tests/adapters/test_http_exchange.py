"""The way out over HTTP: what is raised when, and that nothing secret is told."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from adapters.http import LONGEST_ANSWER_BYTES, HttpAnswer, exchange, open_client
from ports.errors import AnswerNotUnderstood, PortError, Unavailable

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SECRETS = {"headers": {"authorization": "Bearer token-1"}, "params": {"q": "query-1"}, "json": {"phone": "138-1"}}


async def through(handler: Callable[[httpx.Request], httpx.Response]) -> HttpAnswer:
    async with open_client(transport=httpx.MockTransport(handler)) as client:
        return await exchange(client, "POST", "https://user-1:word-1@host.example:8443/v1/things", **SECRETS)


def transport_errors() -> list[type[httpx.RequestError]]:
    kinds: list[type[httpx.RequestError]] = [httpx.RequestError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return kinds


@pytest.mark.parametrize("kind", transport_errors())
async def test_every_error_of_the_way_is_an_outage_named_without_secrets(kind: type[httpx.RequestError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise kind("received b'138-1'", request=request)

    with pytest.raises(Unavailable) as raised:
        await through(fail)
    assert str(raised.value) == f"host.example:8443/v1/things: {kind.__name__}"
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 599])
async def test_the_other_side_in_trouble_is_an_outage(status: int) -> None:
    with pytest.raises(Unavailable, match=f"^host.example:8443/v1/things: answered {status}$"):
        await through(lambda _: httpx.Response(status, text="138-1"))


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 404, 409, 422])
async def test_any_other_answer_is_handed_on_and_no_redirect_followed(status: int) -> None:
    answer = await through(lambda _: httpx.Response(status, text="said", headers={"location": "https://other.example"}))
    assert (answer.place, answer.status, answer.body) == ("host.example:8443/v1/things", status, b"said")
    assert answer.headers["Location"] == "https://other.example"


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_without_end_is_cut(*, packed: bool) -> None:
    endless = bytes(LONGEST_ANSWER_BYTES + 1)
    response = (
        httpx.Response(200, content=gzip.compress(endless), headers={"content-encoding": "gzip"})
        if packed
        else httpx.Response(200, content=endless)
    )
    with pytest.raises(AnswerNotUnderstood, match="longer"):
        await through(lambda _: response)


async def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    async with open_client(total_seconds=3) as client:
        assert not client.trust_env
        assert not client._mounts
        assert client.timeout == httpx.Timeout(3, connect=2)


@contextlib.asynccontextmanager
async def server(conversation: Conversation) -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            await conversation(reader, writer)
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1/things?q=query-1"


async def cut_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def cut_in_the_middle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"state":')
    await writer.drain()


async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
    for _ in range(100):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def keep_silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def speak_nonsense(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"138-1 is not HTTP\r\n\r\n")
    await writer.drain()


@pytest.mark.slow
@pytest.mark.parametrize("conversation", [cut_at_once, cut_in_the_middle, drip, keep_silent, speak_nonsense])
async def test_a_real_connection_that_fails_is_an_outage(conversation: Conversation) -> None:
    async with server(conversation) as url, open_client(total_seconds=0.5) as client:
        started = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable) as raised:
            await exchange(client, "POST", url)
        assert asyncio.get_running_loop().time() - started < 2
    assert not {"query-1", "138-1"} & set(str(raised.value).replace("?", " ").split())


@pytest.mark.slow
async def test_a_closed_door_is_an_outage() -> None:
    async with server(cut_at_once) as url:
        pass
    async with open_client() as client:
        with pytest.raises(PortError, match="ConnectError"):
            await exchange(client, "GET", url)
