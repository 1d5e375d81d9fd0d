# One image for every process; docker-compose.yml gives each its command.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin socialboost

WORKDIR /app

# The lock file alone first: its layer is kept until a version or a hash changes.
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt

COPY socialboost ./socialboost
COPY workers ./workers
COPY sql ./sql
COPY deploy ./deploy
COPY supervisord.conf LICENSE ./

RUN python -m compileall -q socialboost workers deploy \
    && mkdir logs && chown socialboost:socialboost logs

USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["gunicorn", "-c", "deploy/gunicorn.conf.py", "socialboost.web:create_app()"]
