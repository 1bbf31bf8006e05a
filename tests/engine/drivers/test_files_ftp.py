"""FTP against an independent server, and against one that speaks TLS and one that lies."""

from collections.abc import Iterator

import pytest

from tests.engine.drivers.ftp_server import FTPHandler, scripted_ftp
from tests.engine.drivers.servers import Store
from tests.engine.drivers.servers import ftp as ftp_server
from tests.engine.drivers.store_conformance import ODD_NAMES, StoreLists, StoreReads, StoreWrites


@pytest.fixture(scope="module", params=["independent", "scripted"])
def server(request, tmp_path_factory) -> Iterator[Store]:
    start = ftp_server if request.param == "independent" else scripted_ftp
    with start(tmp_path_factory.mktemp("ftp")) as store:
        yield store


@pytest.fixture
def store(server: Store) -> Iterator[Store]:
    yield server.part()
    server.close_drivers()


class TestFtp(StoreReads, StoreLists, StoreWrites):
    # A blank before a name is lost on the way in many servers.
    odd_names = [name for name in ODD_NAMES if name != " a"]
