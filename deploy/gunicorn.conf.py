"""How the web process is served: threads, because its work is waiting for Redis.

Two worker processes keep a webhook answered while one of them starts anew; eight threads each are more
than two cores can keep busy with verifying signatures and queueing jobs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the settings are ours, and gunicorn may have been started from elsewhere

from socialboost import logs  # noqa: E402
from socialboost.errors import SettingsError  # noqa: E402
from socialboost.settings import WebSettings  # noqa: E402

try:
    _settings = WebSettings.load()
    logs.check_directory(_settings.log_dir)
except SettingsError as error:
    # Before the arbiter starts: a wrong setting ends the start once, instead of workers dying in turn.
    sys.stderr.write(f"{error}\n")
    raise SystemExit(2) from None

_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file in it

bind = f"{_settings.host}:{_settings.port}"
worker_class = "socialboost.web.server.WholeRequestWorker"  # slow clients hold no thread
workers = 2
threads = 8
worker_connections = 2048  # above what may be arriving and what is kept alive together
backlog = 1024
keepalive = 15
timeout = 30
graceful_timeout = 20
max_requests = 0
limit_request_line = 2048
limit_request_fields = 50
control_socket_disable = True  # its default path is shared by every gunicorn of the same user
worker_tmp_dir = str(_MEMORY) if os.access(_MEMORY, os.W_OK) else None  # heartbeats never wait for a disk
forwarded_allow_ips = "127.0.0.1"
forwarder_headers = ""  # nobody in front of us mounts the application under a path: SCRIPT_NAME is dropped
accesslog = None  # the application writes one structured line a request
errorlog = "-"
