"""Runs of lines that stand in two places."""

import builtins
import io
import keyword
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

Line = tuple[int, str]
SPACE = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER}
KEPT = set(dir(builtins)) | set(keyword.kwlist) | {"self", "cls"}


def shared_runs(texts: Mapping[str, Sequence[Line]], *, length: int, varied: int) -> list[str]:
    """Name the places where `length` lines, at least `varied` of them different, stand in two of the texts."""
    places: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for name, lines in texts.items():
        for start in range(len(lines) - length + 1):
            window = tuple(line for _, line in lines[start : start + length])
            places[window].setdefault(name, lines[start][0])
    runs = (found for window, found in places.items() if len(set(window)) >= varied and len(found) > 1)
    return [" = ".join(f"{name}:{number}" for name, number in found.items()) for found in runs]


def normal_lines(source: str) -> list[Line]:
    """Lines of Python without comments, docstrings, imports and lone brackets; variables, texts and numbers made alike.

    Names of attributes, calls, arguments and parameters stay, because two pieces that call the same things with the
    same words in the same order are copies, whatever they call their variables.
    """
    lines: dict[int, list[str]] = defaultdict(list)
    for number, word in _normal_words(source):
        lines[number].append(word)
    kept = ((number, " ".join(words)) for number, words in lines.items() if words[0] not in {"import", "from"})
    return [(number, line) for number, line in kept if line != "text" and any(map(str.isalnum, line))]


def _normal_words(source: str) -> Iterator[tuple[int, str]]:
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type not in SPACE]
    words = ["", *(token.string for token in tokens), ""]
    depth = 0
    for token, left, right in zip(tokens, words, words[2:], strict=False):
        depth += (token.string in {"(", "[", "{"}) - (token.string in {")", "]", "}"})
        is_kept = token.string in KEPT or right == "(" or (depth > 0 and right in {"=", ":"})
        is_variable = not is_kept and left not in {".", "def", "class"}
        kinds = {tokenize.NUMBER: "0", tokenize.STRING: "text", tokenize.NAME: "name" if is_variable else token.string}
        yield token.start[0], kinds.get(token.type, token.string)
