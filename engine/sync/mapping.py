"""Mapping rules, compiled once per job into plain functions. The rules are those of Celigo's mapping 2.0:
`{"generate", "extract", "dataType", "default", "conditional", "status"}`, and our `cast` for a precise type."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import ConfigError, RecordError
from engine.schema import Column, Kind, Row, Type
from engine.sync import paths
from engine.sync.casts import CASTS, cast_to, keeps, parse_type


@dataclass(frozen=True, slots=True)
class Rule:
    """One output field. `renames`: the source column it copies unchanged, None when it does more. `source`: the column
    it reads, None for a literal; `is_deep`: only a part of its value; `is_cast`: as another type; `default`: what
    stands for nothing and for an empty text."""

    column: Column
    value: Callable[[Row], Any]
    renames: str | None
    is_conditional: bool = False
    source: Column | None = None
    is_deep: bool = False
    is_cast: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """What comes out of a record: its columns, and how. An empty list of rules lets every field pass."""

    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()

    @property
    def projection(self) -> tuple[str, ...] | None:
        """The source columns in the order of ours, when the mapping only picks and renames; else None."""
        names = tuple(rule.renames for rule in self.rules if rule.renames is not None)
        if not self.rules:
            return tuple(column.name for column in self.columns)
        return names if len(names) == len(self.rules) else None

    @property
    def fields(self) -> tuple[str, ...]:
        """The source columns that the rules read; () where there are no rules, or none of them reads any."""
        return tuple(dict.fromkeys(rule.source.name for rule in self.rules if rule.source is not None))

    def renamed(self, names: Sequence[str]) -> tuple[str, ...]:
        """The target's names of source columns; () when one of them is not carried over unchanged."""
        if not self.rules:
            return tuple(names)
        targets = {rule.renames: rule.column.name for rule in self.rules if rule.renames is not None}
        return tuple(targets[name] for name in names) if all(name in targets for name in names) else ()

    def apply(self, row: Row) -> Row:
        """The mapped record. Raises RecordError naming the field that is wrong."""
        if not self.rules:
            return row
        mapped = {}
        for rule in self.rules:
            try:
                value = rule.value(row)
            except RecordError as error:
                raise RecordError(f"{rule.column.name}: {error.message}", code=error.code) from error
            if not (rule.is_conditional and (value is None or value == "")):
                mapped[rule.column.name] = value
        return mapped


def compile_mapping(rules: Sequence[dict[str, Any]], columns: Sequence[Column]) -> Mapping:
    """Raises ConfigError naming the rule that cannot be compiled, or the field that the source does not have."""
    active = [rule for rule in rules if _is_active(rule)]
    if not active:
        return Mapping(tuple(columns))
    compiled = tuple(_rule(rule, {column.name: column for column in columns}) for rule in active)
    names = [rule.column.name for rule in compiled]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"The mapping generates {sorted(twice)[0]!r} twice", code="invalid_mapping")
    return Mapping(tuple(rule.column for rule in compiled), compiled)


def _is_active(rule: dict[str, Any]) -> bool:
    return bool(rule.get("status", "Active") == "Active")


def _rule(rule: dict[str, Any], columns: dict[str, Column]) -> Rule:
    generate = rule.get("generate")
    if not isinstance(generate, str) or not generate:
        raise ConfigError("Every mapping rule needs a `generate`", code="invalid_mapping")
    for word in ("lookupName", "buildArrayHelper", "mappings"):
        if rule.get(word):
            raise ConfigError(
                f"{generate}: `{word}` is not supported by imports into databases yet", code="unsupported_mapping"
            )
    extract = rule.get("extract")
    if not isinstance(extract, str) or not extract.startswith("$"):
        return _literal(generate, extract, rule)
    segments = paths.parse(extract)
    source = columns.get(str(segments[0]))
    if source is None:
        raise ConfigError(f"{generate}: the source has no column {segments[0]!r}", code="unknown_column")
    wanted = _wanted(rule)
    get = paths.getter(segments)
    if len(segments) == 1 and (wanted is None or keeps(source.type, wanted)):
        column = Column(generate, source.type, source.nullable, source.native, comment=source.comment)
        return _finished(rule, Rule(column, get, source.name, source=source))
    column = Column(generate, wanted or Type(Kind.TEXT))
    made = Rule(column, _cast(get, column.type), None, source=source, is_deep=len(segments) > 1, is_cast=True)
    return _finished(rule, made)


def _finished(rule: dict[str, Any], made: Rule) -> Rule:
    """The rule with what it does about values that are not there."""
    if (rule.get("conditional") or {}).get("when") == "extract_not_empty":
        made = replace(made, is_conditional=True, renames=None)
    default = _constant(made.column, rule.get("default"))
    if default is None:
        return made
    column = replace(made.column, nullable=False)
    return replace(made, column=column, value=_with_default(made.value, default), default=default, renames=None)


def _literal(generate: str, extract: Any, rule: dict[str, Any]) -> Rule:
    if isinstance(extract, str) and "{{" in extract:
        raise ConfigError(
            f"{generate}: templates are not supported by imports into databases yet", code="unsupported_mapping"
        )
    column = Column(generate, _wanted(rule) or Type(Kind.TEXT))
    value = _constant(column, extract if extract is not None else rule.get("default"))
    return Rule(column, lambda _row: value, None)


def _constant(column: Column, value: Any) -> Any:
    """A value out of the rule itself, as the column's type wants it."""
    if column.type.kind not in CASTS:
        return value
    try:
        return cast_to(column.type)(value)
    except RecordError as error:
        raise ConfigError(f"{column.name}: {error.message}", code="invalid_mapping") from error


def _wanted(rule: dict[str, Any]) -> Type | None:
    spelling = rule.get("cast") or rule.get("dataType")
    return parse_type(str(spelling)) if spelling else None


def _cast(get: Callable[[Row], Any], target: Type) -> Callable[[Row], Any]:
    cast = cast_to(target)
    return lambda row: cast(get(row))


def _with_default(get: Callable[[Row], Any], default: Any) -> Callable[[Row], Any]:
    def get_or_default(row: Row) -> Any:
        value = get(row)
        return default if value is None or value == "" else value

    return get_or_default


def check_rules(rules: Sequence[dict[str, Any]]) -> None:
    """Raises ConfigError for rules that no source could satisfy."""
    extracts = [str(rule.get("extract") or "") for rule in rules if _is_active(rule)]
    fields = {str(paths.parse(extract)[0]) for extract in extracts if extract.startswith("$")}
    compile_mapping(rules, [Column(field, Type(Kind.TEXT)) for field in fields])
