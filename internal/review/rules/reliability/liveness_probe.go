package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var livenessProbe = review.Rule{
	ID: "liveness-probe", Level: review.Info,
	Summary: "A serving container has no liveness probe",
	Kinds:   []string{review.Workloads},
	Check: checkProbe("livenessProbe", "%s has no liveness probe",
		"When it hangs without ending, nothing restarts it: the process is there, so the kubelet takes it for well."),
}
