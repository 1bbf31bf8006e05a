"""Celigo's types of connections, and the drivers that serve them."""

TYPES = ("rdbms", "ftp", "s3", "filesystem")
FILE_STORES = {"sftp": "ftp", "ftp": "ftp", "s3": "s3", "folder": "filesystem", "http_files": "filesystem"}


def type_of(driver: str) -> str:
    """The type of a connection by the name of its driver."""
    return FILE_STORES.get(driver, "rdbms")
