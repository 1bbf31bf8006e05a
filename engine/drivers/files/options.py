"""How a file is to be understood or written, as a caller says it: `Request.format` and `Target.format`."""

import codecs
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import orjson

from engine.drivers.files.packing import COMPRESSIONS, ENDINGS
from engine.errors import ConfigError

TYPES = ("csv", "tsv", "json", "jsonl", "parquet", "xlsx")
TYPE_ENDINGS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
}
UTF_8 = codecs.lookup("utf-8").name
OF_VALUES = "\r\n\0+-._"
LONGEST_SKIP = 1_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """`type` and `compression`: "" where the name says it. `null`: the text that is NULL. `types`: "text" takes values
    as they are written, "infer" finds types from a sample. `fields`: "refuse" or "ignore" what the first records do not
    have. `provenance` adds columns that tell the file and when it was modified."""

    type: str = ""
    compression: str = ""
    encoding: str = UTF_8
    provenance: bool = False
    delimiter: str = ""
    quote: str = '"'
    escape: str = ""
    newline: str = "\n"
    header: bool = True
    skip_rows: int = 0
    null: str = ""
    columns: tuple[str, ...] = ()
    types: str = "text"
    sheet: str = ""
    fields: str = "refuse"
    spreadsheet: bool = False

    @property
    def separator(self) -> str:
        return self.delimiter or ("\t" if self.type == "tsv" else ",")

    @property
    def framing(self) -> str:
        """The same as long as records begin and end where they did. An option that is not used is not in it, so that
        those to come change nothing."""
        used = {name: value for name in FRAMING if (value := getattr(self, name)) != getattr(UNUSED, name)}
        return hashlib.blake2b(orjson.dumps(used), digest_size=4).hexdigest()


FRAMING = ("type", "compression", "encoding", "separator", "quote", "escape", "header", "skip_rows", "sheet")
"""What decides where in a file records begin and end."""
UNUSED = Options()


def parse(format_: Mapping[str, Any], name: str) -> Options:
    """The options for a file or pattern of that name. Raises ConfigError `invalid_format` naming the option."""
    known = {field.name for field in fields(Options)}
    if unknown := sorted(set(format_) - known):
        raise invalid(f"Files have no option {unknown[0]!r}. Options: {', '.join(sorted(known))}.")
    values = {option: CHECKS[option](option, value) for option, value in format_.items() if value is not None}
    return _completed(Options(**values), name)


def _completed(options: Options, name: str) -> Options:
    """With what the name's endings tell."""
    name = name.lower()
    ending = next((ending for ending in ENDINGS if name.endswith(ending)), "")
    compression = options.compression or ENDINGS.get(ending, "none")
    type_ = options.type or type_by_ending(name.removesuffix(ending))
    if not type_ and compression != "zip":
        raise untyped()
    if type_ in {"parquet", "xlsx"} and compression not in {"none", "zip"}:
        raise invalid(f"Files of the type {type_} are compressed by themselves.")
    options = replace(options, type=type_, compression=compression)
    if options.separator in {options.quote, options.escape}:
        raise invalid("`delimiter`, `quote` and `escape` must differ.")
    return options


def untyped() -> ConfigError:
    return invalid(f"The name does not say what type of file it is: set `type` to one of {', '.join(TYPES)}.")


def type_by_ending(name: str) -> str:
    """The type that a name's ending tells, "" for none."""
    return next((type_ for ending, type_ in TYPE_ENDINGS.items() if name.lower().endswith(ending)), "")


def invalid(message: str) -> ConfigError:
    return ConfigError(message, code="invalid_format")


def _choice(*choices: str) -> Callable[[str, Any], str]:
    def check(option: str, value: Any) -> str:
        if value not in choices:
            raise invalid(f"`{option}` must be one of {', '.join(map(repr, choices))}.")
        return str(value)

    return check


def _flag(option: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise invalid(f"`{option}` must be true or false.")
    return value


def _symbol(option: str, value: Any) -> Any:
    is_one = isinstance(value, str) and len(value) <= 1 and value.isascii() and not value.isalnum()
    if not is_one or (value and value in OF_VALUES):
        raise invalid(f"`{option}` must be a single ASCII character, and none that numbers or lines are made of.")
    return value


def _text(option: str, value: Any) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > 255:
        raise invalid(f"`{option}` must be a text of at most 255 characters.")
    return value


def _count(option: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONGEST_SKIP:
        raise invalid(f"`{option}` must be a number from 0 to {LONGEST_SKIP:,}.")
    return value


def _names(option: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name for name in value):
        raise invalid(f"`{option}` must be a list of names.")
    return tuple(value)


def _encoding(option: str, value: Any) -> str:
    try:
        found = codecs.lookup(value)
        "".encode(found.name)  # codecs that are none of text refuse this
    except (LookupError, TypeError, ValueError):
        raise invalid(f"`{option}` is not the name of an encoding.") from None
    return found.name


CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "type": _choice(*TYPES),
    "compression": _choice(*COMPRESSIONS),
    "encoding": _encoding,
    "provenance": _flag,
    "delimiter": _symbol,
    "quote": _symbol,
    "escape": _symbol,
    "newline": _choice("\n", "\r\n"),
    "header": _flag,
    "skip_rows": _count,
    "null": _text,
    "columns": _names,
    "types": _choice("text", "infer"),
    "sheet": _text,
    "fields": _choice("refuse", "ignore"),
    "spreadsheet": _flag,
}
