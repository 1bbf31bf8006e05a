import pytest

from apps.connections.services.values import Present, check
from apps.errors import Invalid
from engine.contract import Field, Spec
from engine.toolkit.masking import STARS

SPEC = Spec(
    "sample",
    "Sample",
    "database",
    (
        Field("host", "Host", required=True, bound=True),
        Field("port", "Port", type="integer", default=5432, bound=True),
        Field("mode", "Mode", type="choice", default="fast", choices=("fast", "safe")),
        Field("is_strict", "Strict", type="boolean"),
        Field("notes", "Notes", type="text"),
        Field("password", "Password", type="password", secret=True),
        Field("token", "Token", secret=True),
    ),
)
PRESENT = Present({"host": "db.example", "port": 5432, "mode": "safe"}, {"password", "token"})


def revealed(checked) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in checked.entered.items()}


def refusal(given, **options) -> Invalid:
    with pytest.raises(Invalid) as refused:
        check(SPEC, given, **options)
    return refused.value


def test_sorts_settings_from_secrets_and_fills_defaults():
    checked = check(SPEC, {"host": "db.example", "port": "6432", "is_strict": False, "password": " p\nq "})
    assert checked.settings == {"host": "db.example", "port": 6432, "mode": "fast", "is_strict": False}
    assert revealed(checked) == {"password": " p\nq "}
    assert (checked.kept, checked.lost) == (frozenset(), frozenset())


def test_tells_every_problem_at_once():
    invalid = refusal({"port": True, "mode": "slow", "is_strict": 1, "notes": 7, "hots": "x", "token": "a\nb"})
    assert [(problem.field, problem.code) for problem in invalid.problems] == [
        ("hots", "unknown_field"),
        ("host", "missing_required_field"),
        ("port", "invalid_field"),
        ("mode", "invalid_field"),
        ("is_strict", "invalid_field"),
        ("notes", "invalid_field"),
        ("token", "invalid_field"),
    ]
    assert (invalid.field, invalid.code) == ("hots", "unknown_field")
    assert invalid.message == " ".join(problem.message for problem in invalid.problems)
    assert "Mode must be one of fast, safe." in invalid.message


@pytest.mark.parametrize("value", ["x" * 2_001, "a\0b", "a\nb", "a\x7fb", "half \ud800", ["db"], {"a": 1}, 7, True])
def test_refuses_what_is_no_line(value):
    assert refusal({"host": value}).field == "host"


@pytest.mark.parametrize("value", ["x" * 200_001, "a\0b", "half \udfff", b"bytes", 7])
def test_refuses_what_is_no_text(value):
    assert refusal({"host": "h", "password": value}).field == "password"


@pytest.mark.parametrize("value", ["5432.0", "  1", "٣", "1" * 19, 1.5, 2**63, [1]])
def test_refuses_what_is_no_whole_number(value):
    assert refusal({"host": "h", "port": value}).field == "port"


def test_no_problem_repeats_a_value():
    assert "hunter2" not in refusal({"host": "hunter2\n", "port": "hunter2", "token": "hunter2\n"}).message


def test_a_long_name_of_an_unknown_setting_is_cut():
    assert len(refusal({"host": "h", "x" * 10_000: 1}).message) < 200


def test_merging_keeps_what_is_not_given():
    checked = check(SPEC, {"mode": "fast"}, present=PRESENT, replace=False)
    assert checked.settings == {"host": "db.example", "port": 5432, "mode": "fast"}
    assert checked.kept == {"password", "token"}
    assert revealed(checked) == {}


def test_replacing_erases_what_is_not_given():
    checked = check(SPEC, {"host": "db.example", "password": STARS}, present=PRESENT)
    assert checked.settings == {"host": "db.example", "port": 5432, "mode": "fast"}
    assert checked.kept == {"password"}
    assert checked.lost == frozenset()


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_erases_a_setting_or_a_secret(nothing):
    checked = check(SPEC, {"mode": nothing, "port": nothing, "token": nothing}, present=PRESENT, replace=False)
    assert (checked.settings["mode"], checked.settings["port"]) == ("fast", 5432)
    assert checked.kept == {"password"}


def test_nothing_does_not_erase_what_is_required():
    assert refusal({"host": None}, present=PRESENT, replace=False).code == "missing_required_field"


def test_stars_for_a_secret_that_is_not_held_are_none():
    checked = check(SPEC, {"host": "h", "token": STARS})
    assert (revealed(checked), checked.kept) == ({}, frozenset())


@pytest.mark.parametrize("change", [{"host": "other.example"}, {"port": 5433}, {"port": "5433"}])
@pytest.mark.parametrize("replace", [True, False])
def test_secrets_are_lost_when_a_bound_setting_changes(change, replace):
    given = {"host": "db.example", "password": STARS, "token": "new"} | change
    checked = check(SPEC, given, present=PRESENT, replace=replace)
    assert revealed(checked) == {"token": "new"}
    assert (checked.kept, checked.lost) == (frozenset(), {"password"})


def test_secrets_stay_when_a_bound_setting_is_given_as_it_was():
    checked = check(SPEC, {"host": "db.example", "port": "5432"}, present=PRESENT, replace=False)
    assert (checked.kept, checked.lost) == ({"password", "token"}, frozenset())


def test_a_setting_stored_before_it_had_a_default_is_still_the_same():
    checked = check(SPEC, {"mode": "fast"}, present=Present({"host": "db.example"}, {"token"}), replace=False)
    assert (checked.kept, checked.lost) == ({"token"}, frozenset())


REQUIRED = Spec(
    "r", "R", "database", (Field("host", "Host"), Field("password", "Password", secret=True, required=True))
)


@pytest.mark.parametrize("given", [{}, {"host": "x"}, {"password": STARS}])
def test_a_small_change_may_leave_a_required_secret_missing(given):
    assert check(REQUIRED, given, replace=False).kept == frozenset()


@pytest.mark.parametrize(("given", "replace"), [({}, True), ({"password": STARS}, True), ({"password": None}, False)])
def test_a_replacement_or_an_erasure_may_not(given, replace):
    with pytest.raises(Invalid) as refused:
        check(REQUIRED, given, replace=replace)
    assert (refused.value.field, refused.value.code) == ("password", "missing_required_field")
