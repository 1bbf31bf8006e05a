"""Log lines that stay one line: time, level, where, what."""

import logging


class LineFormatter(logging.Formatter):
    """Control characters in a message are shown escaped, so that no input can forge a line or colour a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        record.message = "".join(char if char.isprintable() else repr(char)[1:-1] for char in record.message)
        return super().formatMessage(record)
