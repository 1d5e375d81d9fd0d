"""The product's actors: importing this package installs the broker and declares every actor.

`dramatiq workers` runs their jobs, `periodiq workers` sends the scheduled ones. The import needs REDIS_URL
and opens no connection. With a wrong one it ends the process with one line and status 2, like every program.
"""

from __future__ import annotations

import importlib
import pkgutil

from socialboost import settings
from socialboost.errors import SettingsError
from socialboost.queue import broker

try:
    _redis_url = settings.redis_url_from_environment()
except SettingsError as error:  # both programs would show a traceback and end with a status of their own
    settings.refuse_to_start(error)
_installed = broker.install(_redis_url, consuming=True)

for _module in sorted(found.name for found in pkgutil.walk_packages(__path__, f"{__name__}.")):
    importlib.import_module(_module)

from workers.operations import boot  # noqa: E402 (actors are declared on the broker installed above)

_installed.add_middleware(boot.WorkerBoot())
_installed.add_middleware(boot.SchedulerBoot())
