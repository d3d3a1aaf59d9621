FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --create-home --uid 10001 bellwether \
    && install -d -o bellwether -g bellwether /data
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
