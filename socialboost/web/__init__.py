"""The HTTP side: webhooks in, Main Bot's API, health. Each request becomes at most one job.

Served by gunicorn: `gunicorn -c deploy/gunicorn.conf.py 'socialboost.web:create_app()'`.
"""

from socialboost.web.app import create_app

__all__ = ["create_app"]
