"""What every SQL destination must do. A dialect's tests inherit it and give a `place`."""

from tests.engine.drivers.write_conformance.attempts import Dying, Failing, Fencing, Remembering
from tests.engine.drivers.write_conformance.rows import Appending, Rejecting, Updating
from tests.engine.drivers.write_conformance.tables import MakingTables, Matching, Replacing
from tests.engine.drivers.write_conformance.values import Documents, Typing


class WriteConformance(
    MakingTables,
    Matching,
    Appending,
    Updating,
    Replacing,
    Remembering,
    Fencing,
    Rejecting,
    Failing,
    Documents,
    Typing,
    Dying,
):
    pass
