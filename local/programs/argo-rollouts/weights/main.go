// Weights walks canaries through their steps by Argo Rollouts' own arithmetic, and prints where each step leaves them.
//
// Each line of its input is a question in JSON; the answer has one line for each of its walks: a list of what holds at
// one step after the other and, at its end, after the last step or after the abort. The tests hold catalog/weights.py
// against it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	replicasetutil "github.com/argoproj/argo-rollouts/utils/replicaset"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// Replica sets change some pods at a time; far fewer turns than this settle a thousand of them.
	mostTurns = 10_000
	// A plan of a hundred steps and a walk for each number of pods there can be fit well in.
	longestLine = 16 << 20
)

// question is about a canary strategy, as it stands in a Rollout.
type question struct {
	Strategy v1alpha1.CanaryStrategy `json:"strategy"`
	// Walks give the number of pods in effect at each step and after the last; where one ends, its last number stays.
	Walks [][]int32 `json:"walks"`
	// AbortAt is the step at which a person aborts; nobody does where it is left out.
	AbortAt *int `json:"abortAt"`
}

// standing is where a step leaves a canary: the pods of both versions, the share of the requests that a router is told
// to give it (percent; without a router the one it is asked for), and the fewest available and most wanted pods of both
// versions together on the way there.
type standing struct {
	Canary int32 `json:"canary"`
	Stable int32 `json:"stable"`
	Weight int32 `json:"weight"`
	Fewest int32 `json:"fewest"`
	Most   int32 `json:"most"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	out := bufio.NewWriter(os.Stdout)
	answers := json.NewEncoder(out)
	for lines.Scan() {
		var asked question
		check(json.Unmarshal(lines.Bytes(), &asked))
		for _, walk := range asked.Walks {
			check(answers.Encode(walked(asked, walk)))
		}
	}
	check(lines.Err())
	check(out.Flush())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// walked is where each step leaves the canary, and where the release ends.
func walked(asked question, replicas []int32) []standing {
	canary := newRelease(asked.Strategy, replicas[0])
	standings := []standing{}
	for step := 0; step <= len(asked.Strategy.Steps); step++ {
		if step < len(replicas) {
			canary.rollout.Spec.Replicas = &replicas[step]
		}
		index := int32(step)
		canary.rollout.Status.CurrentStepIndex = &index
		standings = append(standings, canary.settled())
		if asked.AbortAt != nil && step == *asked.AbortAt {
			canary.rollout.Status.Abort = true
			return append(standings, canary.settled())
		}
	}
	return standings
}

// release is a Rollout between two versions.
type release struct {
	rollout        *v1alpha1.Rollout
	canary, stable *appsv1.ReplicaSet
	weights        v1alpha1.TrafficWeights
}

// newRelease has every pod of the stable version available, and none of the canary's.
func newRelease(strategy v1alpha1.CanaryStrategy, replicas int32) *release {
	rollout := &v1alpha1.Rollout{Spec: v1alpha1.RolloutSpec{Strategy: v1alpha1.RolloutStrategy{Canary: &strategy}}}
	rollout.Spec.Replicas = &replicas
	rollout.Status.StableRS, rollout.Status.CurrentPodHash = "stable", "canary"
	made := &release{rollout: rollout, canary: replicaSet("canary", 0), stable: replicaSet("stable", replicas)}
	made.weights.Stable.Weight = 100
	return made
}

func replicaSet(name string, pods int32) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       appsv1.ReplicaSetSpec{Replicas: &pods},
		Status:     appsv1.ReplicaSetStatus{Replicas: pods, AvailableReplicas: pods},
	}
}

// settled lets the controller take its turns until nothing changes any more. Pods that are not wanted are gone at once;
// of those that are missing half become available between two turns.
func (r *release) settled() standing {
	found := standing{Fewest: r.available(), Most: r.wanted()}
	for turn := 0; turn < mostTurns; turn++ {
		// In the order of the controller's rolloutCanary: the requests first, then the pods.
		before := r.weights.Canary.Weight
		r.route()
		canary, stable := r.desired()
		moved := []bool{scale(r.canary, canary), scale(r.stable, stable), r.weights.Canary.Weight != before}
		found.Fewest, found.Most = min(found.Fewest, r.available()), max(found.Most, r.wanted())
		if r.available() == r.wanted() && !slices.Contains(moved, true) {
			found.Canary, found.Stable, found.Weight = canary, stable, before
			return found
		}
		startHalf(r.canary)
		startHalf(r.stable)
	}
	panic(fmt.Sprintf("%d pods never settle at step %d", *r.rollout.Spec.Replicas, *r.rollout.Status.CurrentStepIndex))
}

// desired is how many pods of each version the controller wants next.
func (r *release) desired() (int32, int32) {
	if r.rollout.Spec.Strategy.Canary.TrafficRouting == nil {
		return replicasetutil.CalculateReplicaCountsForBasicCanary(r.rollout, r.canary, r.stable, nil)
	}
	return replicasetutil.CalculateReplicaCountsForTrafficRoutedCanary(r.rollout, r.canary, r.stable, &r.weights)
}

// route moves the requests as reconcileTrafficRouting does: once the pods for the step's weight are there.
func (r *release) route() {
	there := replicasetutil.AtDesiredReplicaCountsForCanary(r.rollout, r.canary, r.stable, nil, nil)
	if there || r.rollout.Status.Abort {
		weight := replicasetutil.GetCurrentSetWeight(r.rollout)
		r.weights.Canary.Weight, r.weights.Stable.Weight = weight, 100-weight
	}
}

func (r *release) available() int32 {
	return r.canary.Status.AvailableReplicas + r.stable.Status.AvailableReplicas
}

func (r *release) wanted() int32 {
	return *r.canary.Spec.Replicas + *r.stable.Spec.Replicas
}

// scale wants so many pods, and tells whether that changes anything.
func scale(set *appsv1.ReplicaSet, pods int32) bool {
	if *set.Spec.Replicas == pods {
		return false
	}
	set.Spec.Replicas = &pods
	set.Status.Replicas = pods
	set.Status.AvailableReplicas = min(set.Status.AvailableReplicas, pods)
	return true
}

// startHalf makes half of the pods available that are not, rounded up.
func startHalf(set *appsv1.ReplicaSet) {
	set.Status.AvailableReplicas += (*set.Spec.Replicas - set.Status.AvailableReplicas + 1) / 2
}
