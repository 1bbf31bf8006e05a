"""What is the number of a row."""

LONGEST = 18
"""Every number of so many digits fits where the database keeps it."""


def is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST
