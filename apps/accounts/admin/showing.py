"""How values look in the console."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import orjson
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

NOTHING = "\N{EN DASH}"
Column = TypeVar("Column", bound=Callable[..., Any])


def column(
    title: str, *, ordering: str | None = None, label: Mapping[str, str] | None = None, boolean: bool | None = None
) -> Callable[[Column], Column]:
    """Makes a method a column of a list. `label`: by value, the style of the badge that it is shown as."""
    decorate = display(description=title, ordering=ordering, label=label and dict(label), boolean=boolean)
    return cast("Callable[[Column], Column]", decorate)


def when(moment: datetime | None) -> SafeString | str:
    """A moment; the page's script shows it in the reader's time zone, and how long ago it was."""
    if not moment:  # templates say "" for what is not there
        return NOTHING
    shown = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), shown)


def span(length: timedelta | None) -> str:
    """A length of time in its two largest units."""
    if length is None:
        return NOTHING
    seconds = length.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def count(number: int) -> str:
    return f"{number:,}"


def fact(value: Any) -> Any:
    """Any value as a page tells it; lists one item a line."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, list):
        lines = (item if isinstance(item, str) else orjson.dumps(item).decode() for item in value)
        return format_html_join("", "<span>{}</span>", ((line,) for line in lines)) or NOTHING
    return NOTHING if value in (None, "") else value
