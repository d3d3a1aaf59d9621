"""Where files are kept, as STORAGE_URL says: a folder of this machine, or a bucket of a service that speaks S3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from models.config_fault import Fault

VARIABLE = "STORAGE_URL"
REMEDY = "Set it to file:///folder, or to s3://bucket/prefix?endpoint=https://host&region=name, or leave it unset."
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()-]{1,100}(/[A-Za-z0-9!_.*'()-]{1,100}){0,10}")
_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:\d{1,5})?/?|https?://\[[0-9a-f:]{2,45}\](:\d{1,5})?/?")
_REGION = re.compile(r"[a-z0-9-]{1,50}")
OPTIONS = ("endpoint", "region")


@dataclass(frozen=True)
class Folder:
    """A folder of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class Bucket:
    """A bucket, the prefix of the keys within it (empty or ending in a slash), and the service's address where it is not Amazon's."""

    name: str
    prefix: str
    endpoint: str | None
    region: str | None

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}"


Place = Folder | Bucket


def place_of(url: str) -> Place:
    """The place that a URL names. Raises ValueError with a sentence."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _folder(parts.netloc, unquote(parts.path), parts.query or parts.fragment)
    if parts.scheme != "s3":
        raise ValueError(f"{parts.scheme[:20]!r} is not a kind of storage." if parts.scheme else "it does not begin with file:// or s3://.")
    if "@" in parts.netloc:
        raise ValueError("there are credentials in it. Put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
    if not _BUCKET.fullmatch(parts.netloc):
        raise ValueError("it names no bucket, whose name has 3 to 63 small letters, digits, dots and hyphens.")
    prefix = unquote(parts.path).strip("/")
    if prefix and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/"))):
        raise ValueError("the prefix behind the bucket is none.")
    try:
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) if parts.query else []
    except ValueError as error:
        raise ValueError("what stands behind the question mark cannot be read.") from error
    options = dict(given)
    if len(options) < len(given) or not set(options) <= set(OPTIONS) or parts.fragment:
        raise ValueError(f"behind the question mark stand {' and '.join(OPTIONS)} alone, each at most once.")
    endpoint, region = options.get("endpoint"), options.get("region")
    if endpoint is not None and not _ENDPOINT.fullmatch(endpoint):
        raise ValueError("the endpoint is not an address as in https://minio.example.com:9000.")
    if region is not None and not _REGION.fullmatch(region):
        raise ValueError("the region is none.")
    return Bucket(parts.netloc, f"{prefix}/" if prefix else "", endpoint, region)


def fault_of(url: str | None) -> Fault | None:
    """What is wrong with the setting, or None. The answer has no piece of it but its scheme."""
    if url is None:
        return None
    try:
        place_of(url)
    except ValueError as error:
        return Fault(VARIABLE, str(error), REMEDY)
    return None


def _folder(host: str, path: str, rest: str) -> Folder:
    if host not in ("", "localhost"):
        raise ValueError("a folder's address has three slashes, as in file:///srv/files.")
    if rest or "\x00" in path or not Path(path).is_absolute() or len(Path(path).parts) < 2 or ".." in Path(path).parts:
        raise ValueError("the folder is no absolute path of its own.")
    return Folder(Path(path))
