"""What may go wrong with an embedded server. Each text ends with what to do.

EmbeddedServerError
├── AlreadyRunning      another living process holds the data folder
└── StartFailed         the server ended or stayed silent; quotes the last lines of its log
    └── PortTaken       another program listens on the port
"""


class EmbeddedServerError(Exception):
    pass


class AlreadyRunning(EmbeddedServerError):
    pass


class StartFailed(EmbeddedServerError):
    pass


class PortTaken(StartFailed):
    pass


# A word in the server's log (lower case) -> what to do. The first that is found counts.
_ADVICE = {
    "address already in use": "Another program listens on that port: choose another, or give none to get a free one.",
    "no space left on device": "The disk is full: make room and start again; what was committed is safe.",
    "postmaster.pid": "A Postgres that was not started here runs over this data: stop it and start again.",
    "invalid locale": "The system lacks the locale 'C': install the C library's locales.",
    "permission denied": "A file belongs to someone else: start as the user who made the data folder.",
    "shared memory": "The system's shared memory is used up: give the container a larger /dev/shm.",
}
_ELSE = "Read the log above; the data folder was left as it is."


def start_failed(what: str, log_lines: list[str]) -> StartFailed:
    """The error of a start. `what` is a sentence without full stop; `log_lines` are quoted and searched for advice."""
    log = "\n".join(log_lines)
    found = next((word for word in _ADVICE if word in log.lower()), None)
    quoted = "\n".join(f"    {line}" for line in log_lines) or "    (the log is empty)"
    error = PortTaken if found == "address already in use" else StartFailed
    return error(f"{what}. Its last words:\n{quoted}\n{_ADVICE[found] if found else _ELSE}")
