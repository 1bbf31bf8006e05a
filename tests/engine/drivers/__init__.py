import pytest

pytest.register_assert_rewrite(
    "tests.engine.drivers.conformance",
    "tests.engine.drivers.survey_conformance",
    "tests.engine.drivers.write_conformance",
)
