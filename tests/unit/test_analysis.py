"""What an AnalysisRun measures, and how it judges."""

from typing import Any

import pytest

from catalog.quantities import Duration
from catalog.services import Service
from observability import analysis


def metrics_of(service: Service) -> dict[str, dict[str, Any]]:
    return {metric["name"]: metric for metric in analysis.analysis_metrics(service, "apis", "http://prometheus:9090")}


def with_criteria(service: Service, **criteria: object) -> Service:
    changed = service.canary.analysis.model_copy(update=criteria)
    return service.model_copy(update={"canary": service.canary.model_copy(update={"analysis": changed})})


def test_the_first_failed_measurement_rolls_back(service: Service) -> None:
    assert {metric["failureLimit"] for metric in metrics_of(service).values()} == {0}
    assert metrics_of(with_criteria(service, rollback_after_failures=3))["error-rate"]["failureLimit"] == 2


def test_no_data_is_neither_success_nor_failure(service: Service) -> None:
    for metric in metrics_of(service).values():
        for condition in (metric["successCondition"], metric["failureCondition"]):
            assert condition.startswith("len(result) > 0 && !isNaN(result[0]) && result[0] ")


def test_every_value_is_either_good_or_bad(service: Service) -> None:
    error_rate = metrics_of(service)["error-rate"]
    assert error_rate["successCondition"].endswith("< 0.02")
    assert error_rate["failureCondition"].endswith(">= 0.02")
    latency = metrics_of(service)["p95-latency"]
    assert latency["successCondition"].endswith("< 0.3")
    assert latency["failureCondition"].endswith(">= 0.3")


def test_an_outage_of_five_minutes_is_thirty_errors_ten_seconds_apart(service: Service) -> None:
    assert {metric["consecutiveErrorLimit"] for metric in metrics_of(service).values()} == {30}


def test_a_restarted_prometheus_may_be_blind_for_a_window_and_two_scrapes(service: Service) -> None:
    assert {metric["inconclusiveLimit"] for metric in metrics_of(service).values()} == {2}


def test_the_first_measurement_waits_for_two_scrapes(service: Service) -> None:
    assert {metric["initialDelay"] for metric in metrics_of(service).values()} == {"30s"}


def test_the_canary_is_told_apart_by_its_pod_template_hash(service: Service) -> None:
    for metric in metrics_of(service).values():
        query = metric["provider"]["prometheus"]["query"]
        assert 'namespace="apis",service="univprepai-api",rollouts_pod_template_hash="{{args.canary-hash}}"' in query
        assert "version" not in query


def test_a_service_without_any_error_has_a_ratio_of_zero_and_not_of_nothing(service: Service) -> None:
    query = metrics_of(service)["error-rate"]["provider"]["prometheus"]["query"]
    assert 'status=~"5.."}[1m])) or vector(0))' in query


@pytest.mark.parametrize(("interval", "window"), [(60, "1m"), (300, "5m"), (15, "1m")])
def test_a_rate_spans_the_interval_but_never_fewer_than_four_scrapes(
    service: Service, interval: int, window: str
) -> None:
    assert str(analysis.rate_window(with_criteria(service, interval=Duration(interval)))) == window
