// Weights prints how many canary and stable pods Argo Rollouts itself makes of a weight without a traffic router.
//
// Each line of its input is "<replicas> <weight>", each line of its output "<canary pods> <stable pods>". The tests hold
// catalog/weights.py against it.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	replicasetutil "github.com/argoproj/argo-rollouts/utils/replicaset"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Replica sets change a few pods at a time; far fewer rounds than this settle a thousand of them.
const mostRounds = 10_000

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var replicas, weight int32
		if _, err := fmt.Sscan(lines.Text(), &replicas, &weight); err != nil {
			fmt.Fprintf(os.Stderr, "%q is not '<replicas> <weight>': %v\n", lines.Text(), err)
			os.Exit(1)
		}
		canary, stable := settled(replicas, weight)
		fmt.Println(canary, stable)
	}
}

// settled asks the controller's own function again and again, as it does itself, until nothing changes any more.
func settled(replicas, weight int32) (int32, int32) {
	noPod := intstr.FromInt32(0)
	rollout := &v1alpha1.Rollout{
		Spec: v1alpha1.RolloutSpec{
			Replicas: &replicas,
			Strategy: v1alpha1.RolloutStrategy{
				Canary: &v1alpha1.CanaryStrategy{
					MaxUnavailable: &noPod,
					Steps:          []v1alpha1.CanaryStep{{SetWeight: &weight}},
				},
			},
		},
	}
	// In the middle of an update, at its only step.
	rollout.Status.CurrentStepIndex = new(int32)
	rollout.Status.StableRS, rollout.Status.CurrentPodHash = "stable", "canary"
	canary, stable := replicaSet("canary", 0), replicaSet("stable", replicas)
	for round := 0; round < mostRounds; round++ {
		newCanary, newStable := replicasetutil.CalculateReplicaCountsForBasicCanary(rollout, canary, stable, nil)
		if newCanary == *canary.Spec.Replicas && newStable == *stable.Spec.Replicas {
			return newCanary, newStable
		}
		canary, stable = replicaSet("canary", newCanary), replicaSet("stable", newStable)
	}
	panic(fmt.Sprintf("%d pods at %d %% never settle", replicas, weight))
}

// replicaSet has all of its pods available.
func replicaSet(name string, pods int32) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       appsv1.ReplicaSetSpec{Replicas: &pods},
		Status:     appsv1.ReplicaSetStatus{Replicas: pods, AvailableReplicas: pods},
	}
}
