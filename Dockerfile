# One image for everything of ours: `lockstep api`, `worker`, `codec-server`, `migrate`, `namespace` and all other commands.
ARG PYTHON=python:3.11.15-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /opt/lockstep
# Only what the lock names and only ready-built: nothing is compiled, so nothing is needed that compiles.
COPY requirements.lock ./
RUN python -m venv --without-pip venv \
    && pip --python venv/bin/python install --no-cache-dir --disable-pip-version-check --only-binary :all: \
        --require-hashes -r requirements.lock
COPY worker.py app/
COPY activities app/activities
COPY adapters app/adapters
COPY api app/api
COPY cli app/cli
COPY domain app/domain
COPY persistence app/persistence
COPY ports app/ports
COPY runtime app/runtime
COPY workflows app/workflows
COPY --chmod=755 deploy/image/lockstep venv/bin/lockstep
# Each workflow loads its file anew: without bytecode, which a read-only container can't write, it would be compiled anew.
RUN python -m compileall -q --invalidation-mode unchecked-hash app venv/lib

FROM ${PYTHON}
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lockstep
COPY --from=build /opt/lockstep /opt/lockstep
ENV PATH=/opt/lockstep/venv/bin:$PATH \
    PYTHONPATH=/opt/lockstep/app \
    PYTHONUNBUFFERED=1
WORKDIR /opt/lockstep/app
USER 10001
EXPOSE 8000 8081 9464 9465
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=3 CMD ["lockstep", "health"]
# As a list: without a shell in between, the program is the first process and hears SIGTERM itself.
ENTRYPOINT ["lockstep"]
CMD ["--help"]
