"""Whether a query stays inside the brackets that it is wrapped in, where no read-only transaction stands behind it."""

import re
from dataclasses import dataclass

from engine.errors import ConfigError

LINE_COMMENT = r"--[^\n]*"
TEXT = r"'(?:[^']|'')*'"
ESCAPED_TEXT = r"'(?:[^'\\]|\\.|'')*'"
ESCAPED_DOUBLE = r'"(?:[^"\\]|\\.|"")*"'
QUOTED = r'"(?:[^"]|"")*"'
BACKTICKED = r"`(?:[^`\\]|\\.|``)*`"
BRACKETED = r"\[(?:[^\]]|\]\])*\]"
COMMENT = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Lexis:
    """How a database writes what holds no SQL. `opaque`: patterns of texts, quoted names and comments to a line's end.
    `refused`: ways to quote that are not followed here, because no two tools agree on where they end."""

    opaque: tuple[str, ...] = (LINE_COMMENT, TEXT, QUOTED)
    refused: str = ""
    comments_nest: bool = False

    def check(self, text: str) -> None:
        """Raises ConfigError `invalid_query` for more than one statement, and for brackets that do not match."""
        if self.refused and re.search(self.refused, text, re.IGNORECASE):
            raise _refusal("it quotes in a way that is not supported here")
        depth = 0
        for mark in self._marks(text.strip().removesuffix(";")):
            depth += {"(": 1, ")": -1}.get(mark, 0)
            if depth < 0:
                raise _refusal("a bracket is closed that was not opened")
            if mark == ";":
                raise _refusal("it is more than one statement")
            if mark in ("'", '"', "`", "/*"):
                raise _refusal("a text, a name or a comment does not end")
        if depth:
            raise _refusal("a bracket is not closed")

    def _marks(self, text: str) -> list[str]:
        """The characters that mean something outside of what is opaque."""
        found = re.compile("|".join([*self.opaque, r"/\*", r"[();'\"`]"]), re.DOTALL)
        marks = []
        place = 0
        while match := found.search(text, place):
            place = match.end()
            if match[0] == "/*":
                place = self._behind_comment(text, place)
            if match[0] == "/*" and place:
                continue
            marks.append(match[0])
            place = place or match.end()
        return marks

    def _behind_comment(self, text: str, place: int) -> int:
        """Where the comment that began ends; 0 where it does not."""
        depth = 1
        for mark in COMMENT.finditer(text, place):
            depth += (1 if self.comments_nest else 0) if mark[0] == "/*" else -1
            if depth == 0:
                return mark.end()
        return 0


STANDARD = Lexis()
# Backslashes escape, and a hash begins a comment.
BACKSLASHES = Lexis((LINE_COMMENT, r"#[^\n]*", ESCAPED_TEXT, ESCAPED_DOUBLE, BACKTICKED), r"\$\w*\$|\"\"\"|'''")


def _refusal(reason: str) -> ConfigError:
    return ConfigError(f"The query cannot be run: {reason}.", code="invalid_query")
