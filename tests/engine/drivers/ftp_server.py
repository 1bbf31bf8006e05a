"""An FTP server on loopback that answers as a test says."""

import contextlib
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

from tests.engine.drivers.servers import USER, Store, folder, password

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of what the library still builds on
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

__all__ = ["FTPHandler", "scripted_ftp"]


@contextlib.contextmanager
def scripted_ftp(parent: Path, handler: type[FTPHandler] = FTPHandler) -> Iterator[Store]:
    served, secret = folder(parent), password()
    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, secret, str(served), perm="elradfmwMT")
    kind = type("Handler", (handler,), {"authorizer": authorizer, "use_sendfile": False})
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 0), kind, ioloop=loop)
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            loop.loop(timeout=0.05, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        known = {"host": "127.0.0.1", "port": server.address[1], "user": USER, "tls": "off"}
        yield Store("ftp", served, known, {"password": secret})
    finally:
        stopping.set()
        thread.join()
