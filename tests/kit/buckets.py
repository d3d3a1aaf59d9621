"""A server that speaks S3, on this machine, and buckets on it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "a-secret-for-tests", "AWS_EC2_METADATA_DISABLED": "true"}
_numbers = itertools.count(1)


@contextmanager
def s3_server() -> Iterator[str]:
    """The endpoint of a server of its own."""
    from moto.server import ThreadedMotoServer

    os.environ.update(CREDENTIALS)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_bucket(endpoint: str) -> str:
    """The STORAGE_URL of a new bucket, with a prefix."""
    import boto3

    name = f"bucket-{os.getpid()}-{next(_numbers)}"
    client = boto3.session.Session().client("s3", region_name="eu-central-1", endpoint_url=endpoint)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.close()
    return f"s3://{name}/some/prefix?endpoint={endpoint}&region=eu-central-1"


def keys_in(url: str) -> set[str]:
    """The keys in the bucket of a STORAGE_URL, without the prefix."""
    import boto3

    from models.storage_place import Bucket, place_of

    place = place_of(url)
    assert isinstance(place, Bucket)
    client = boto3.session.Session().client("s3", region_name=place.region, endpoint_url=place.endpoint)
    listed = client.list_objects_v2(Bucket=place.name).get("Contents", [])
    client.close()
    return {entry["Key"].removeprefix(place.prefix) for entry in listed}
