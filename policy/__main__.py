"""The policy pack: `pulumi up --policy-pack policy`; mandatory, unless --policy-pack-config policy/advisory.json."""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from validators import POLICIES, Policy
from validators.exposure import HIDDEN
from validators.judging import plain


def _validation(policy: Policy) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if args.resource_type.startswith("kubernetes:"):
            for message in policy.broken_by(_body(args)):
                report_violation(message)

    return validate


def _body(args: ResourceValidationArgs) -> Mapping[str, Any]:
    """The resource as the validators take it; a Helm release is named by its type.

    The engine decrypts secrets for policies, so that here nobody can tell which were: the data of a Secret is taken to
    be one. Rendering can tell, and is held against the same policies.
    """
    body: dict[str, Any] = plain(args.props)
    body.setdefault("kind", args.resource_type.rpartition(":")[2])
    if body["kind"] == "Secret":
        for part in ("data", "stringData"):
            body[part] = dict.fromkeys(body.get(part) or {}, HIDDEN)
    return body


PolicyPack(
    name="api-observability",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[ResourceValidationPolicy(each.name, each.description, _validation(each)) for each in POLICIES],
)
