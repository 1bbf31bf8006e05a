"""UUIDs in what is searched, and in what is searched for: one word each, and not the seven that their hyphens make."""

import re

UUID = re.compile("([0-9a-fA-F]{8})-([0-9a-fA-F]{4})-([0-9a-fA-F]{4})-([0-9a-fA-F]{4})-([0-9a-fA-F]{12})")
HYPHENS = 4


def in_one_word(text: str) -> str:
    """The text with every UUID in it written without hyphens."""
    return UUID.sub(r"\1\2\3\4\5", text) if text.count("-") >= HYPHENS else text
