"""How property tests run: `--hypothesis-profile=NAME`.

| profile | examples | random |
|---|---|---|
| default | 100 | yes |
| ci (where $CI is set) | 100 | no: the same in every run |
| long | 20,000 | yes: for hours of soaking |
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, suppress_health_check=_QUIET)
settings.register_profile("long", deadline=None, max_examples=20_000, suppress_health_check=_QUIET)
settings.load_profile("ci" if os.environ.get("CI") else "default")
