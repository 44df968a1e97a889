"""What may go wrong with an embedded server. Each text ends with what to do.

EmbeddedServerError
├── AlreadyRunning      another living process holds the data folder
└── StartFailed         the server ended or stayed silent; quotes its log
    └── PortTaken       another program listens on the port, or none was free
"""


class EmbeddedServerError(Exception):
    pass


class AlreadyRunning(EmbeddedServerError):
    pass


class StartFailed(EmbeddedServerError):
    pass


class PortTaken(StartFailed):
    pass


_ELSE = "Read the log above; the data folder was left as it is."
# A word in the server's log (lower case) -> what to do. The first that is found counts.
_ADVICE = {
    "address already in use": "Another program listens on that port: choose another, or give none to get a free one.",
    "failed assigning ephemeral port": "The system has no free port left for the server's parts: end some programs.",
    "no space left on device": "The disk is full: make room and start again; what was committed is safe.",
    "postmaster.pid": "A Postgres that was not started here runs over this data: stop it and start again.",
    "invalid locale": "The system lacks the locale 'C': install the C library's locales.",
    "permission denied": "A file belongs to someone else: start as the user who made the data folder.",
    "shared memory": "The system's shared memory is used up: give the container a larger /dev/shm.",
    "panic:": _ELSE,
}


_LACKS_A_PORT = {"address already in use", "failed assigning ephemeral port"}
_QUOTED_LINES = 12


def start_failed(what: str, log_lines: list[str]) -> StartFailed:
    """The error of a start. `what` is a sentence without full stop; `log_lines` are searched for advice, and quoted."""
    at, word = next(
        ((at, word) for word in _ADVICE for at, line in enumerate(log_lines) if word in line.lower()), (None, None)
    )
    # What a crashing program says of the cause stands above the long trace of its stack.
    quoted_lines = log_lines[-_QUOTED_LINES:] if at is None else log_lines[at : at + _QUOTED_LINES]
    quoted = "\n".join(f"    {line}" for line in quoted_lines) or "    (the log is empty)"
    error = PortTaken if word in _LACKS_A_PORT else StartFailed
    return error(f"{what}. From its log:\n{quoted}\n{_ELSE if word is None else _ADVICE[word]}")
