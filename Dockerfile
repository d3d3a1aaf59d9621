# The digest is what is pulled; the tag says what it was. To renew it, for Debian's and Python's fixes: `docker buildx imagetools inspect
# python:3.11-slim`, take the Digest of the index (all platforms), and run the image's health check.
FROM python:3.11-slim@sha256:0dd364ba7e10242f07755449e3a3d0e35f9efd987952737b90def6709ab0c5ce

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --create-home --uid 10001 bellwether \
    && install -d -o bellwether -g bellwether /data /files
WORKDIR /app

# Dependencies first: they change less often than the code. Every wheel is prebuilt, so there is no compiler in the image.
COPY requirements.txt .
RUN pip install --only-binary :all: -r requirements.txt

COPY . .
RUN python -m compileall -q .

USER bellwether
ENV DATA_DIR=/data PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', timeout=4)"]
CMD ["gunicorn", "wsgi:app"]
