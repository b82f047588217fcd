"""An S3 server, moto's, that lets nobody in without the right keys."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import boto3  # type: ignore[import-untyped]
import requests

from doubles.server_process import free_port, serving

_BUCKET = "models"
_MAY_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


@dataclass(frozen=True)
class S3:
    """One bucket of the server, and temporary keys for it."""

    address: str
    bucket: str
    access_key_id: str
    secret_access_key: str
    session_token: str

    def keys(self, prefix: str) -> list[str]:
        """The objects in the bucket that are named so."""
        client = boto3.client(
            "s3",
            endpoint_url=self.address,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
        )
        found = client.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", [])]


@contextmanager
def s3(folder: Path) -> Iterator[S3]:
    """Run the server while the block does."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    program = str(Path(sys.executable).with_name("moto_server"))
    with serving([program, "-p", str(port)], folder, f"{address}/moto-api/"):
        yield _set_up(address)


def _set_up(address: str) -> S3:
    """Make a bucket and a role, take keys for it, and close the door."""
    client = partial(
        boto3.client,
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="anybody",
        aws_secret_access_key="anything",
    )
    client("s3").create_bucket(Bucket=_BUCKET)
    iam = client("iam")
    role = iam.create_role(RoleName="writer", AssumeRolePolicyDocument="{}")["Role"]
    iam.put_role_policy(RoleName="writer", PolicyName="all", PolicyDocument=json.dumps(_MAY_ALL))
    keys = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="job")["Credentials"]
    # From the next request on, signatures and policies are checked.
    requests.post(f"{address}/moto-api/reset-auth", data=b"0", timeout=60).raise_for_status()
    return S3(address, _BUCKET, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
