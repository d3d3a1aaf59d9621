"""The storage of files as an integration."""

from __future__ import annotations

from collections.abc import Callable

from config import Settings
from infrastructure.integration import Connector, IntegrationFailed, Step, Wish
from infrastructure.storage.base import Storage
from infrastructure.storage.opening import place_of_files
from infrastructure.storage.probing import try_storage
from models.integration import Integration, IntegrationKind, IntegrationState
from models.storage_errors import StorageAway
from models.storage_place import Bucket

PAGE = "/docs/runbook#the-storage-of-files"
# What to do about the codes that services of S3 refuse with.
_KEYS = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
ADVICE = {
    "AccessDenied": "See that the credentials may read, write and delete objects in this bucket.",
    "403": "See that the credentials may read, write and delete objects in this bucket.",
    "InvalidAccessKeyId": f"{_KEYS}.",
    "SignatureDoesNotMatch": f"{_KEYS}.",
    "ExpiredToken": "The credentials have expired; give the service new ones.",
    "NoCredentialsError": f"There are no credentials. {_KEYS}, or give the machine a role.",
    "NoSuchBucket": "There is no such bucket. Make it, or correct STORAGE_URL.",
    "PermanentRedirect": "The bucket is in another region. Set `region` in STORAGE_URL.",
    "EndpointConnectionError": "Nothing answers there. Check `endpoint` in STORAGE_URL.",
    "SSLError": "Its certificate cannot be verified. Check `endpoint` in STORAGE_URL.",
}
OF_A_FOLDER = "See that the account of the service may write to the folder, and that there is room."
OF_A_BUCKET = "Check STORAGE_URL, the credentials and their rights."


def storage_connector(settings: Settings, storage: Callable[[], Storage]) -> Connector:
    """The storage: a folder, or a bucket. It is opened by the test alone."""
    place = place_of_files(settings)
    is_bucket = isinstance(place, Bucket)

    def look() -> Integration:
        kind = f"The bucket {place}" if is_bucket else f"The folder {place}"
        if isinstance(place, Bucket) and place.endpoint:
            kind += f" at {place.endpoint}"
        told = f"{kind} has the originals of uploads, and the reports that are kept."
        return Integration("storage", IntegrationKind.STORAGE, "Storage of files", IntegrationState.SET_UP, told, ("STORAGE_URL",), PAGE)

    def try_it(step: Step, _: Wish) -> str:
        try:
            try_storage(storage(), step)
        except StorageAway as error:
            if error.reason is None:
                raise IntegrationFailed(f"{error} {OF_A_BUCKET if is_bucket else OF_A_FOLDER}") from error
            advice = ADVICE.get(error.reason, OF_A_BUCKET) if is_bucket else OF_A_FOLDER
            raise IntegrationFailed(f"The storage refuses: {error.reason}. {advice}") from error
        return "A small file was written, read back and deleted."

    return Connector("storage", look, try_it)
