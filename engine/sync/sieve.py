"""What of a page a step writes: filters let records pass, the mapping makes its own of them, some are refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract import Rejected
from engine.errors import RecordError
from engine.schema import Row, Stream
from engine.sync.chain import Generator, WriteStep
from engine.sync.control import Refusal
from engine.sync.filters import compile_filter
from engine.sync.mapping import Mapping


@dataclass(slots=True)
class Sifted:
    """`rows` to write, and the `places` in the page that they come from."""

    rows: Sequence[Row]
    places: Sequence[int]
    refusals: list[Refusal]
    ignored: int
    page: Sequence[Row]
    key: Sequence[str]

    def refusal(self, rejected: Rejected) -> Refusal:
        """What the destination says about one of `rows`, as a refusal of the record that it came from."""
        return self.refuse(self.places[rejected.index], "application", rejected.code, rejected.message)

    def refuse(self, index: int, source: str, code: str, message: str) -> Refusal:
        record = self.page[index]
        trace = ",".join(str(record[name]) for name in self.key if name in record)
        return Refusal(index, source, code, message, record, trace)


class Sieve:
    """One step's filters and mapping, compiled once per reading."""

    def __init__(self, generator: Generator, step: WriteStep, mapping: Mapping, stream: Stream) -> None:
        self._keep = compile_filter(generator.filter)
        self._passes = compile_filter(step.filter)
        self._mapping = mapping
        self._key = stream.key

    def sift(self, page: Sequence[Row]) -> Sifted:
        if self._keep is None and self._passes is None and not self._mapping.rules:
            return Sifted(page, range(len(page)), [], 0, page, self._key)
        rows: list[Row] = []
        places: list[int] = []
        sifted = Sifted(rows, places, [], 0, page, self._key)
        for index, record in enumerate(page):
            stage = "output_filter"
            try:
                if self._keep is not None and not self._keep(record):
                    sifted.ignored += 1
                    continue
                stage = "import_filter"
                if self._passes is not None and not self._passes(record):
                    sifted.ignored += 1
                    continue
                stage = "mapping"
                rows.append(self._mapping.apply(record))
                places.append(index)
            except RecordError as error:
                sifted.refusals.append(sifted.refuse(index, stage, error.code, error.message))
        return sifted
