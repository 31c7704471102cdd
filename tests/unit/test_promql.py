"""Understanding PromQL: which metrics an expression reads, and which labels cannot be there."""

import pytest

from observability.promql import Read, canonical, understood

KNOWN = {
    "requests": frozenset({"service", "path"}),
    "pods": frozenset({"service", "node"}),
    "buckets": frozenset({"service", "le"}),
}


def faults(expression: str) -> list[str]:
    return understood(expression, KNOWN).faults


def labels(expression: str) -> list[str] | None:
    found = understood(expression, KNOWN)
    assert found.faults == []
    return None if found.labels is None else sorted(found.labels)


def test_it_tells_every_metric_and_the_labels_asked_of_it() -> None:
    found = understood('sum(rate(requests{service="a"}[5m])) / sum(pods{node!="",service="a"})', KNOWN)
    assert found.reads == [Read("requests", frozenset({"service"})), Read("pods", frozenset({"service", "node"}))]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("requests", ["path", "service"]),
        ("rate(requests[5m])", ["path", "service"]),
        ("max_over_time(sum by (path) (requests)[1h:5m])", ["path"]),
        ("-(requests offset 5m)", ["path", "service"]),
        ("sum(requests)", []),
        ("sum by (service) (requests)", ["service"]),
        ("sum without (path) (requests)", ["service"]),
        ("topk(3, requests)", ["path", "service"]),
        ("histogram_quantile(0.95, sum by (service, le) (rate(buckets[5m])))", ["service"]),
        ('label_replace(requests, "name", "$1", "service", "(.+)")', ["name", "path", "service"]),
        ('absent(requests{service="a",path=~"/.*"})', ["service"]),
        ("requests * 2 > 1", ["path", "service"]),
        ("time() - requests", ["path", "service"]),
        ("vector(1)", []),
        ("time()", None),
        ("requests / on (service) group_left (node) pods", ["node", "path", "service"]),
        ("pods * on (service) group_right (node) requests", ["node", "path", "service"]),
        ("sum by (service) (requests) / on (service) pods", ["service"]),
        ("sum by (service) (requests) / ignoring (node) pods", ["service"]),
        ("requests and on (service) pods", ["path", "service"]),
        ("requests unless on () pods", ["path", "service"]),
        ("sum(requests) or pods", ["node", "service"]),
    ],
)
def test_it_knows_the_labels_of_the_answer(expression: str, expected: list[str] | None) -> None:
    assert labels(expression) == expected


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("sum(nothing)", "nothing produces nothing"),
        ('{service="a"}', '{service="a"} names no metric'),
        ('requests{status="500"}', "requests has no label status"),
        ("sum by (status) (requests)", "sum by a label that is not there: status"),
        ("max by (path) (sum by (service) (requests))", "max by a label that is not there: path"),
        ("histogram_quantile(0.95, sum(rate(buckets[5m])))", "histogram_quantile over series without le"),
        ("requests / on (node) group_left () pods", "`/` on a label that is not there: node"),
        ("sum by (service) (requests) / pods", "`/` of series with and without the label node never matches"),
        (
            "sum(requests) unless sum by (node) (pods)",
            "`unless` of series with and without the label node never matches",
        ),
        (
            'label_replace(requests, "name", "$1", "node", "(.+)")',
            "label_replace of a label that is not there: node",
        ),
    ],
)
def test_it_tells_what_can_never_be(expression: str, fault: str) -> None:
    assert faults(expression) == [fault]


def test_an_expression_has_one_form_however_it_is_written() -> None:
    written = canonical('sum by (a,b)(rate(x{z="1", y=~"2"}[5m]))/ on(a) group_left() w>0.50')
    assert written == canonical('sum by(a, b) (rate(x{y=~"2",z="1"}[5m])) / on (a) group_left () w{} > 0.5')
    assert written != canonical('sum by (a) (rate(x{z="1",y=~"2"}[5m])) / on (a) group_left () w > 0.5')


def test_what_is_no_promql_is_an_error() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        understood("sum(requests", KNOWN)
