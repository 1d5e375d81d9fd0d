"""Everything the product does: importing this package installs the broker and declares every actor.

`dramatiq workers` works on them, `periodiq workers` ticks. Importing needs REDIS_URL and opens no connection.
"""

from __future__ import annotations

import importlib
import pkgutil

from socialboost import broker, settings

_installed = broker.install(settings.redis_url_from_environment(), consuming=True)

for _module in sorted(found.name for found in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")

from workers import boot  # noqa: E402 (actors are declared on the broker installed above)

_installed.add_middleware(boot.WorkerBoot())
_installed.add_middleware(boot.SchedulerBoot())
