"""Objects in a bucket of Amazon S3, or of a service that speaks its protocol. The only module that imports boto3."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import IO, Any

import structlog

from infrastructure.breaker import Breaker, BreakerOpen
from infrastructure.storage.base import PROBE_FOLDER, Readable, Receipt, Shown, checked_key, measure
from models.storage_errors import ObjectMissing, StorageAway
from models.storage_place import Bucket

log = structlog.get_logger(__name__)

CONNECT_SECONDS, READ_SECONDS = 3, 10
ATTEMPTS = 2  # of each call
BREAKER_FAILURES, BREAKER_SECONDS = 3, 5.0  # calls that reach nobody, and how long none is made then
PART_BYTES = 16 * 1024 * 1024  # larger files are sent in parts
MISSING = ("404", "NoSuchKey", "NotFound")


class S3Storage:
    """A bucket. Credentials are found as boto3 does: the environment, its files, the machine's role."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._lock = threading.Lock()
        self._made: Any = None
        # Without it, uploads to a bucket that hangs would take every thread of a web process for half a minute each.
        self._breaker = Breaker("storage", BREAKER_FAILURES, BREAKER_SECONDS)

    @property
    def description(self) -> str:
        """The bucket and the prefix."""
        return str(self._bucket)

    def put(self, key: str, content: IO[bytes]) -> Receipt:
        """Send an object; in parts where it is large. Readers see it once it is whole."""
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 — as in `_client`

        content.seek(0)
        receipt = measure(content)
        content.seek(0)
        with self._calling("write"):
            # Without threads: the callers are many enough.
            config = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False)
            self._client().upload_fileobj(_Unclosed(content), self._bucket.name, self._key(key), Config=config)
        if self.size(key) != receipt.bytes:
            raise StorageAway("The storage of files has not stored what was sent. Try again in a moment.")
        return receipt

    def open(self, key: str) -> Readable:
        """Ask for an object. Raises ObjectMissing."""
        with self._calling("read"):
            return _Body(self._client().get_object(Bucket=self._bucket.name, Key=self._key(key))["Body"], self._calling)

    def size(self, key: str) -> int | None:
        """The length of an object."""
        try:
            with self._calling("read"):
                return int(self._client().head_object(Bucket=self._bucket.name, Key=self._key(key))["ContentLength"])
        except ObjectMissing:
            return None

    def delete(self, key: str) -> None:
        """Delete an object."""
        with suppress(ObjectMissing), self._calling("delete"):
            self._client().delete_object(Bucket=self._bucket.name, Key=self._key(key))

    def link(self, key: str, shown: Shown, seconds: int) -> str:
        """A presigned link of the service's own. Nothing is asked for it."""
        given = {
            "Bucket": self._bucket.name,
            "Key": self._key(key),
            "ResponseContentDisposition": f'attachment; filename="{shown.name}"',
            "ResponseContentType": shown.content_type,
        }
        with self._calling("link to"):
            return str(self._client().generate_presigned_url("get_object", Params=given, ExpiresIn=seconds))

    def tidy(self, before: datetime) -> int:
        """Remove what probes have left. Parts of uploads that were broken off are the business of a lifecycle rule of the bucket."""
        removed = 0
        with self._calling("delete"):
            listed = self._client().list_objects_v2(Bucket=self._bucket.name, Prefix=f"{self._bucket.prefix}{PROBE_FOLDER}/")
            for entry in listed.get("Contents", ()):
                if entry["LastModified"] < before:
                    self._client().delete_object(Bucket=self._bucket.name, Key=entry["Key"])
                    removed += 1
        return removed

    @contextmanager
    def _calling(self, verb: str) -> Iterator[None]:
        """Translates the errors of a call, and refuses it while the last ones reached nobody."""
        from boto3.exceptions import Boto3Error  # noqa: PLC0415 — as in `_client`
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError  # noqa: PLC0415 — as in `_client`
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 — as in `_client`

        try:
            self._breaker.check()
            yield
        except BreakerOpen as error:
            raise _away(verb, "it did not answer lately, and is left alone for some seconds") from error
        except ClientError as error:
            self._breaker.record_success()  # it answered
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in MISSING:
                raise ObjectMissing(code) from error
            # The code alone: messages may name keys of access.
            log.warning("storage failed", verb=verb, reason=code)
            raise _away(verb, code) from error
        except (BotoCoreError, Boto3Error, HTTPClientError, HTTPError, OSError) as error:
            self._breaker.record_failure(error)
            log.warning("storage failed", verb=verb, reason=type(error).__name__)
            raise _away(verb, type(error).__name__) from error
        self._breaker.record_success()

    def _key(self, key: str) -> str:
        return self._bucket.prefix + checked_key(key)

    def _client(self) -> Any:
        """The client, which is thread-safe; it is made once."""
        with self._lock:
            if self._made is None:
                import boto3  # noqa: PLC0415 — large, and needed only where files are kept in a bucket
                from botocore.config import Config  # noqa: PLC0415 — as above

                config = Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                    signature_version="s3v4",
                    # Services of others have no host for each bucket, and do not know the newer checksums.
                    s3={"addressing_style": "path" if self._bucket.endpoint else "auto"},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                )
                # A session of its own: the default one is not thread-safe.
                session = boto3.session.Session(region_name=self._bucket.region)
                region = session.region_name or "us-east-1"
                self._made = session.client("s3", region_name=region, endpoint_url=self._bucket.endpoint, config=config)
            return self._made


class _Unclosed:
    """A file that boto3 does not close."""

    def __init__(self, file: IO[bytes]) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell
        self.seekable: Callable[[], bool] = file.seekable

    def close(self) -> None:
        """The caller's."""


class _Body:
    def __init__(self, body: Any, calling: Callable[[str], AbstractContextManager[None]]) -> None:
        self._body, self._calling = body, calling

    def read(self, size: int, /) -> bytes:
        with self._calling("read"):
            return bytes(self._body.read(size))

    def close(self) -> None:
        self._body.close()


def _away(verb: str, reason: str) -> StorageAway:
    return StorageAway(f"The storage of files cannot {verb} a file right now. Nothing was stored; try again in a moment.", reason)
