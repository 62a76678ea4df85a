# The product in one image. Alone it runs all parts; docker-compose.yml gives each its container.
FROM python:3.11-slim

# git reads the repositories; the services of environments find python3 and git on the PATH.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/*

# Not root: what runs here runs the code of the registered repositories.
RUN useradd --uid 1000 --create-home releaseclone \
 && install --directory --owner=releaseclone --group=releaseclone --mode=0700 /data

COPY requirements.txt /opt/releaseclone/
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --requirement /opt/releaseclone/requirements.txt

COPY . /opt/releaseclone
WORKDIR /opt/releaseclone
RUN chmod --recursive a+rX . \
 && /opt/venv/bin/python -m compileall -q environments releaseclone examples

ENV PATH=/opt/venv/bin:$PATH \
    RELEASECLONE_DATA=/data \
    RELEASECLONE_BIND=0.0.0.0 \
    RELEASECLONE_PORT=8000 \
    RELEASECLONE_INGRESS_PORT=8080
USER releaseclone
VOLUME /data
EXPOSE 8000 8080
CMD ["python", "-m", "releaseclone.run"]
