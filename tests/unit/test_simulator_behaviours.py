"""What odd applications tell: each of them is known by its image's tag, and by nothing that it does not do."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from local.simulator.application import TICK_SECONDS, Application
from local.simulator.behaviour import BEHAVIOURS, Behaviour
from local.simulator.routes import ROUTES
from local.simulator.simulation import Simulation
from observability import metrics
from tests.unit.simulated_cluster import NEW, SERVICE, SPACE, SimulatedCluster

RATE = 50.0


@dataclass
class Pod:
    """One pod of an image, and what it has been asked."""

    behaviour: Behaviour
    application: Application

    def runs(self, seconds: float, rate: float = RATE) -> "Pod":
        """Let it be asked for so long."""
        for _ in range(round(seconds / TICK_SECONDS)):
            self.application.tick(rate, self.behaviour)
        return self

    def samples(self, name: str = metrics.REQUESTS, **labels: str) -> list[Sample]:
        """What it exposes under that name."""
        text = self.application.exposition("", self.behaviour)[0].decode()
        return [
            sample
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def count(self, name: str = metrics.REQUESTS, **labels: str) -> float:
        """The sum of those."""
        return sum(sample.value for sample in self.samples(name, **labels))

    @property
    def size(self) -> int:
        """How many samples a scrape has."""
        text = self.application.exposition("", self.behaviour)[0].decode()
        return sum(not line.startswith("#") for line in text.splitlines())


Make = Callable[[str | Behaviour], Pod]


@pytest.fixture
def pod() -> Make:
    """Pods by their image's tag."""

    def made(behaviour: str | Behaviour) -> Pod:
        found = BEHAVIOURS[behaviour] if isinstance(behaviour, str) else behaviour
        return Pod(found, Application(SERVICE, "a-pod", seed=0))

    return made


def slower_than(pod: Pod, seconds: float) -> float:
    """The share of its requests that took longer."""
    within = pod.count(metrics.DURATION_BUCKETS, le=f"{seconds:g}")
    return 1 - within / pod.count()


def test_a_fair_release_has_errors_and_latencies_that_are_good_enough(pod: Make) -> None:
    fair = pod("fair").runs(400)
    assert fair.count(status="500") / fair.count() == pytest.approx(0.005, rel=0.3)
    assert slower_than(fair, 0.2) == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("name", sorted(BEHAVIOURS))
def test_the_same_seed_comes_to_the_same_samples_whatever_the_behaviour(pod: Make, name: str) -> None:
    def told(found: Pod) -> list[str]:
        text = found.application.exposition("", found.behaviour)[0].decode()
        return [line for line in text.splitlines() if "_created" not in line and "start_time" not in line]

    assert told(pod(name).runs(30)) == told(pod(name).runs(30))


def test_what_is_not_asked_is_scraped_all_the_same(pod: Make) -> None:
    quiet = pod("no-traffic").runs(60)
    assert quiet.count() == 0
    assert quiet.samples()
    assert pod(Behaviour(arriving=0.1)).runs(400).count() == pytest.approx(400 * RATE / 10, rel=0.1)


def test_metrics_that_are_not_numbers_are_nan_in_every_sample_of_the_contract(pod: Make) -> None:
    nan = pod("nan").runs(10)
    for name in (metrics.REQUESTS, metrics.DURATION_BUCKETS, metrics.DURATION_SUM):
        assert {math.isnan(sample.value) for sample in nan.samples(name)} == {True}
    assert nan.count("process_cpu_seconds_total") > 0


def test_durations_that_are_not_numbers_fall_into_no_bucket_and_requests_still_count(pod: Make) -> None:
    nan = pod("nan-latency").runs(60)
    assert nan.count() > 0
    assert nan.count(metrics.DURATION_BUCKETS) == 0
    assert math.isnan(nan.count(metrics.DURATION_SUM))


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("slow-start", lambda pod: slower_than(pod, 0.5)),
        ("bad-start", lambda pod: pod.count(status="500") / pod.count()),
    ],
)
def test_a_bad_start_is_over_after_its_seconds(pod: Make, name: str, seen: Callable[[Pod], float]) -> None:
    found = pod(name)
    first = seen(found.runs(20))
    assert first > 0.25
    assert seen(found.runs(180)) == pytest.approx(first / 10, rel=0.3)


def test_what_starts_late_listens_and_serves_only_after_its_seconds(pod: Make) -> None:
    late = pod("late-start").runs(20 - TICK_SECONDS)
    assert not late.application.listens(late.behaviour)
    assert late.count() == 0
    late.runs(2)
    assert late.application.listens(late.behaviour)
    assert late.count() > 0


def test_a_counter_by_user_carries_forbidden_labels_and_the_contract_is_kept_beside_it(pod: Make) -> None:
    found = pod("forbidden-labels").runs(30)
    by_user = found.samples("http_requests_by_user_total")
    assert {"user_id", "email", "trace_id"} == set(by_user[0].labels) & set(metrics.FORBIDDEN_LABELS)
    assert len(by_user) == 50, "only the newest are kept"
    assert not set(found.samples()[0].labels) & set(metrics.FORBIDDEN_LABELS)
    assert found.count() == pod("good").runs(30).count()


def test_requests_that_are_labelled_by_user_carry_a_forbidden_label_each(pod: Make) -> None:
    found = pod("labelled-requests").runs(10)
    samples = [*found.samples(), *found.samples(metrics.DURATION_BUCKETS)]
    assert all(set(sample.labels) & set(metrics.FORBIDDEN_LABELS) for sample in samples)


def test_paths_that_are_not_templated_are_a_series_for_each_id(pod: Make) -> None:
    found = pod(Behaviour(distinct_ids=3)).runs(120)
    paths = {sample.labels["path"] for sample in found.samples()}
    assert {"/courses/0", "/courses/1", "/courses/2"} < paths
    assert found.count() == pod("good").runs(120).count()
    assert found.size > 2 * pod("good").runs(120).size


def test_an_explosion_of_paths_exceeds_the_samples_that_a_scrape_may_have(pod: Make) -> None:
    assert pod("path-explosion").runs(20, rate=200).size > 20_000


def test_an_explosion_is_over_once_the_application_is_mended(pod: Make) -> None:
    found = pod(Behaviour(distinct_ids=3)).runs(60)
    found.behaviour = BEHAVIOURS["good"]
    assert found.runs(1).size == pod("good").runs(1).size


@pytest.mark.parametrize("name", ["newborn-errors", "first-request-fails"])
def test_each_route_fails_once(pod: Make, name: str) -> None:
    found = pod(name).runs(120)
    own = Behaviour(error_ratio=0, first_of_route_fails=True)
    assert pod(own).runs(120).count(status="500") == len(ROUTES)
    assert {sample.labels["path"] for sample in found.samples(status="500") if sample.value >= 1} == {
        route.path for route in ROUTES
    }


def test_the_series_of_newborn_errors_are_born_with_the_first_one(pod: Make) -> None:
    newborn = pod("newborn-errors")
    assert newborn.samples(status="500") == []
    assert newborn.samples(status="200")
    newborn.runs(2)
    assert newborn.samples(status="500")
    assert all(sample.value >= 1 for sample in newborn.samples(status="500"))
    assert {sample.value for sample in pod("first-request-fails").samples(status="500")} == {0}


def test_each_pod_behaves_as_its_own_image_says() -> None:
    cluster = SimulatedCluster(old=4, new=1, new_tag="newborn-errors")
    simulation = Simulation(cluster.sight)
    for _ in range(round(60 / TICK_SECONDS)):
        simulation.tick()

    def errors(name: str) -> int:
        seen = simulation.pod(f"{SPACE}/{name}")
        assert seen
        exposed = simulation.exposition(seen, "")
        assert exposed
        return sum(
            'status="500"' in line and line.startswith("http_requests_total")
            for line in exposed[0].decode().splitlines()
        )

    assert errors(f"{SERVICE}-{NEW}-0") == len(ROUTES)


def test_an_explosion_that_is_smaller_now_has_only_its_own_series(pod: Make) -> None:
    found = pod("path-explosion").runs(20)
    found.behaviour = Behaviour(distinct_ids=2)
    assert found.runs(120).size == pod(found.behaviour).runs(140).size
