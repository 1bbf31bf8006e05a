"""Lists as people say them."""


def listed(items: list[str]) -> str:
    """ "a, b and c"."""
    return " and ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)
