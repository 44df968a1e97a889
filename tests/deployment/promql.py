"""As much of PromQL as it takes to notice a slip: words, labels, functions, brackets. It evaluates nothing."""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<range>\[[0-9]+[smhd]\])|(?P<number>\d+(\.\d+)?)"""
    r"""|(?P<word>[a-zA-Z_][a-zA-Z0-9_]*)|(?P<sign>=~|!~|!=|==|>=|<=|[-+*/^(){},=<>])"""
)
AGGREGATIONS = {"sum", "min", "max", "avg", "count"}
FUNCTIONS = {"rate", "increase", "histogram_quantile", "absent", "clamp_min"}
OPERATORS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool"}
CLOSES = {")": "(", "}": "{"}


class Slip(Exception):
    """The message says what is wrong with a query."""


@dataclass(frozen=True)
class Query:
    """What a query names: series with the labels they are picked by, and labels it groups by."""

    series: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    grouped_by: tuple[str, ...]

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.series}


def read(text: str) -> Query:
    """Raises Slip."""
    tokens = _tokens(text)
    _brackets(tokens)
    series, grouped_by = [], []
    place = 0
    while place < len(tokens):
        kind, word = tokens[place]
        following = tokens[place + 1][1] if place + 1 < len(tokens) else ""
        if kind == "word" and word in ("by", "without"):
            place = tokens.index(("sign", ")"), place)
            grouped_by += [word for kind, word in tokens[_opening(tokens, place) : place] if kind == "word"]
        elif kind == "word" and following == "(" and word not in OPERATORS:
            if word not in AGGREGATIONS | FUNCTIONS:
                raise Slip(f"{word} is no function that we know")
        elif kind == "word" and word not in OPERATORS | AGGREGATIONS:
            end = tokens.index(("sign", "}"), place) if following == "{" else place
            series.append((word, _matchers(tokens[place + 2 : end])))
            place = end
        place += 1
    return Query(tuple(series), tuple(grouped_by))


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while place < len(text):
        token = TOKEN.match(text, place)
        if token is None:
            raise Slip(f"{text[place : place + 20]!r} cannot be read")
        place = token.end()
        if token.lastgroup and token["space"] is None:
            kind = next(name for name in ("text", "range", "number", "word", "sign") if token[name] is not None)
            found.append((kind, token[0]))
    return found


def _brackets(tokens: list[tuple[str, str]]) -> None:
    open_ones: list[str] = []
    for _, word in tokens:
        if word in CLOSES.values():
            open_ones.append(word)
        elif word in CLOSES and (not open_ones or open_ones.pop() != CLOSES[word]):
            raise Slip(f"{word} closes nothing")
    if open_ones:
        raise Slip(f"{open_ones[-1]} is not closed")


def _opening(tokens: list[tuple[str, str]], closing: int) -> int:
    return max(place for place in range(closing) if tokens[place][1] == "(")


def _matchers(tokens: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Label and the value (a pattern, for =~ and !~) it is compared with."""
    found = []
    for each in range(0, len(tokens), 4):
        label, sign, value, *_ = [*tokens[each : each + 3], ("", ""), ("", ""), ("", "")]
        if label[0] != "word" or sign[1] not in ("=", "!=", "=~", "!~") or value[0] != "text":
            raise Slip(f"{' '.join(word for _, word in tokens)} picks no labels")
        found.append((label[1], value[1].strip('"')))
    return tuple(found)
