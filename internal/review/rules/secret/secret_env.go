package secret

import "github.com/landwaiter/landwaiter/internal/review"

var secretEnv = review.Rule{
	ID: "secret-env", Level: review.Info, Off: true, Guidelines: []string{"G27"},
	Summary: "A Secret is given to a container by a variable rather than a file",
	Kinds:   []string{review.Workloads},
	Check:   checkSecretEnv,
}

const secretEnvDetail = "Variables are inherited by every child process, and turn up in crash reports, debug pages and `kubectl describe`. They also stay as they are when the Secret is replaced. A mounted file has none of that."

func checkSecretEnv(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		for _, variable := range c.Get("env").Items() {
			if ref := variable.Get("valueFrom", "secretKeyRef"); ref.IsSet() {
				p.Report(ref, "%s gets a secret by the variable %s", c.Title(), variable.Get("name").Text()).Detail(secretEnvDetail)
			}
		}
		for _, source := range c.Get("envFrom").Items() {
			if ref := source.Get("secretRef"); ref.IsSet() {
				p.Report(ref, "%s gets all of secret %s by variables", c.Title(), ref.Get("name").Text()).Detail(secretEnvDetail)
			}
		}
	}
}
