"""Lines to other systems that are ended from outside."""

import contextlib
import os
import socket


def hang_up(descriptor: int) -> None:
    """Ends the connection under a file descriptor: whoever waits for it, in another thread, hears that it was lost."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)
