"""Numbers with what they are of."""


def counted(number: int, word: str) -> str:
    """ "1 record", "12,345 records"."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
