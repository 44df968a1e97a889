"""The ports of one server."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


class PortChoice:
    """Ports by name. Given ones stay; the others are chosen free, and kept once a server answered there."""

    def __init__(self, **given: int | None) -> None:
        self._given = given
        self._ports: dict[str, int] = {}
        self._told = False

    def __getitem__(self, name: str) -> int:
        """KeyError before the first `choose`."""
        return self._ports[name]

    def choose(self) -> None:
        if self._ports:
            return
        open_names = [name for name, port in self._given.items() if port is None]
        free = dict(zip(open_names, _free_ports(len(open_names)), strict=True))
        self._ports = {name: free[name] if port is None else port for name, port in self._given.items()}

    def keep(self) -> None:
        """Clients may know them from now on: a restarted server must be found."""
        self._told = True

    def choose_others(self) -> None:
        """After a collision. What was given, or is known to clients, stays."""
        if not self._told:
            self._ports = {}
            self.choose()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else is given these ports meanwhile, and nobody is answered there."""
        with ExitStack() as stack:
            for port in self._ports.values():
                holder = stack.enter_context(socket.socket())
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                holder.bind(("127.0.0.1", port))
            yield


def _free_ports(count: int) -> list[int]:
    """Free a moment ago: another program may be quicker, hence `choose_others`."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))  # all are open at once, so that no port is given twice
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def free_port(wished: int = 0) -> int:
    """The wished port where it is free, so that addresses stay the same from run to run; else any free one."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", wished))
        except OSError:
            return _free_ports(1)[0]
        port: int = trial.getsockname()[1]
    return port
