"""What an account may do, as the real API server answers it."""

from typing import NamedTuple

import lightkube
from lightkube.models.authorization_v1 import ResourceAttributes, SubjectAccessReviewSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.authorization_v1 import SubjectAccessReview


class Asked(NamedTuple):
    """Something to do with objects of a group, anywhere in the cluster."""

    verb: str
    group: str
    resource: str

    def __str__(self) -> str:
        """As `kubectl auth can-i` takes it."""
        return f"{self.verb} {self.resource}.{self.group}".rstrip(".")


def may(client: lightkube.Client, account: str, asked: Asked) -> bool:
    """Whether the account may do that in every namespace."""
    resource, _, subresource = asked.resource.partition("/")
    attributes = ResourceAttributes(
        verb=asked.verb, group=asked.group, resource=resource, subresource=subresource or None
    )
    namespace = account.split(":")[2]
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
    spec = SubjectAccessReviewSpec(user=account, groups=groups, resourceAttributes=attributes)
    answer = client.create(SubjectAccessReview(metadata=ObjectMeta(), spec=spec))
    assert answer.status
    return bool(answer.status.allowed)
