"""The types of files and how each is read."""

from collections.abc import Callable

from engine.drivers.files.blocks import Format
from engine.drivers.files.formats.csv import CsvFormat
from engine.drivers.files.limits import Limits
from engine.drivers.files.options import Options

FORMATS: dict[str, Callable[[Options, Limits], Format]] = {
    "csv": CsvFormat,
    "tsv": CsvFormat,
}


def format_of(options: Options, limits: Limits) -> Format:
    """How files of `options.type` are read."""
    return FORMATS[options.type](options, limits)
