"""Runs one job in a process of its own, for a test that kills it: `python -m tests.apps.sources.job_child ID`."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def main() -> None:
    import django

    django.setup()
    from apps.jobs import services as jobs

    job = jobs.claim(job_id=int(sys.argv[1]), worker="child")
    assert job is not None
    jobs.run(job)


if __name__ == "__main__":
    main()
