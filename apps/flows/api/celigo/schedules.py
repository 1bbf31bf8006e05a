"""Celigo's six-field schedules, `? 5 0 ? * *`, and the five fields of cron."""

from apps.errors import Invalid

ANY_DAY = "?"


def cron_of(text: str, *, field: str) -> str:
    """Second, minute, hour, day of month, month, day of week: the second must be "?", which elsewhere means any.

    Five fields are taken for cron as they are. Raises Invalid for any other number.
    """
    parts = text.split()
    if len(parts) == 6:
        second, *parts = parts
        if second not in {ANY_DAY, "0"}:
            raise Invalid("A schedule's second is always ?: one minute is the shortest period.", field=field)
    if len(parts) != 5:
        raise Invalid("A schedule has six fields, as in ? 5 0 ? * *.", field=field)
    return " ".join("*" if part == ANY_DAY else part for part in parts)


def celigo_of(cron: str) -> str:
    minute, hour, day, month, weekday = cron.split()
    return " ".join((ANY_DAY, minute, hour, ANY_DAY if day == "*" else day, month, weekday))
