# One image for web and scheduler. What is built in the first stage is all the second one holds.
FROM python:3.13-slim-bookworm AS build
WORKDIR /srv/greenpledge
COPY . .
# Environment, front-end files and translations; Node is fetched as a wheel and not kept.
RUN python3 dev.py setup

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/greenpledge --create-home greenpledge
# The environment holds absolute paths, so the place stays the same.
COPY --from=build /srv/greenpledge /srv/greenpledge
WORKDIR /srv/greenpledge
ENV PATH=/srv/greenpledge/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GREENPLEDGE_ENV=production \
    GREENPLEDGE_HOME=/var/lib/greenpledge
USER greenpledge
VOLUME /var/lib/greenpledge
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# A worker starts anew after some thousand requests, so that slow leaks stay small. Workers beat
# in memory: a heartbeat on a slow disk would get them killed.
CMD ["gunicorn", "wsgi:app", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "4", "--timeout", "60", "--graceful-timeout", "30", \
     "--max-requests", "5000", "--max-requests-jitter", "500", "--worker-tmp-dir", "/dev/shm"]
