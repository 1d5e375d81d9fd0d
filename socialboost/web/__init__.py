"""The HTTP process: webhooks, Main Bot's API and /health. Each request becomes at most one job.

Served by gunicorn: `gunicorn -c deploy/gunicorn.conf.py 'socialboost.web:create_app()'`.
"""

from socialboost.web.app import create_app

__all__ = ["create_app"]
