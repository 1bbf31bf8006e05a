"""The types of files, how each is read and how it is written."""

from collections.abc import Callable, Sequence
from typing import IO

from engine.drivers.files.blocks import Encoder, Format
from engine.drivers.files.formats.csv import CsvFormat
from engine.drivers.files.formats.csv_encoder import CsvEncoder
from engine.drivers.files.formats.json import JsonFormat
from engine.drivers.files.formats.json_encoder import JsonEncoder, JsonLinesEncoder
from engine.drivers.files.formats.parquet import ParquetFormat
from engine.drivers.files.formats.parquet_encoder import ParquetEncoder
from engine.drivers.files.formats.xlsx import XlsxFormat
from engine.drivers.files.formats.xlsx_encoder import XlsxEncoder
from engine.drivers.files.limits import Limits
from engine.drivers.files.options import Options
from engine.schema import Column

FORMATS: dict[str, Callable[[Options, Limits], Format]] = {
    "csv": CsvFormat,
    "tsv": CsvFormat,
    "json": JsonFormat,
    "jsonl": JsonFormat,
    "parquet": lambda _options, limits: ParquetFormat(limits),
    "xlsx": XlsxFormat,
}
ENCODERS: dict[str, Callable[[IO[bytes], Sequence[Column], Options], Encoder]] = {
    "csv": CsvEncoder,
    "tsv": CsvEncoder,
    "jsonl": JsonLinesEncoder,
    "json": JsonEncoder,
    "parquet": lambda sink, columns, _options: ParquetEncoder(sink, columns),
    "xlsx": XlsxEncoder,
}


def format_of(options: Options, limits: Limits) -> Format:
    """How files of `options.type` are read."""
    return FORMATS[options.type](options, limits)


def encoder_of(options: Options, sink: IO[bytes], columns: Sequence[Column]) -> Encoder:
    """What writes a file of `options.type` into `sink`."""
    return ENCODERS[options.type](sink, columns, options)
