package pod

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var cloudCredentialsMount = review.Rule{
	ID: "cloud-credentials-mount", Level: review.Error, Guidelines: []string{"G10", "G27"},
	Summary: "A pod gets a cloud's credentials from the node or as plain text",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"secret-in-config", "host-path-sensitive", "host-path", "pss-baseline", "pss-restricted", "volume-types"},
	Check:   checkCloudCredentialsMount,
}

func checkCloudCredentialsMount(p *review.Pass) {
	for _, v := range hostVolumes(p.Pod) {
		if holdsCredentials(v.path) {
			p.Report(v.at, "volume %s is the node's cloud credentials in %s", v.name, v.at.Text()).
				Detail("The pod can do in the cloud whatever the node or its owner can. A role of its own comes from IRSA, EKS Pod Identity or the cloud's workload identity.")
		}
	}
	for _, c := range p.Pod.Containers {
		for _, env := range c.Get("env").Items() {
			name, value := env.Get("name").Text(), env.Get("value")
			if isCloudKey(name, value.Text()) {
				p.Report(value, "%s has a cloud's key in the variable %s", c.Title(), name).
					Detail("It stands in Git and in the pod's description for everyone who may read either, and is good until somebody changes it. Revoke it; a role for the pod comes from IRSA, EKS Pod Identity or the cloud's workload identity.")
			}
		}
	}
}

var (
	awsKeyID  = regexp.MustCompile(`^(AKIA|ASIA)[A-Z0-9]{16}$`)
	awsSecret = regexp.MustCompile(`^[A-Za-z0-9/+]{40}$`)
	azureKey  = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]{16,}$`)
	reference = regexp.MustCompile(`(?i)^(vault|ref|avp|op|arn|https?):|change|replace|example\.|placeholder|your[-_]`)
)

// isCloudKey reports whether a variable holds a key of AWS, Azure or Google Cloud in plain text. Names alone do not
// make it one, nor do references that something else resolves.
func isCloudKey(name, value string) bool {
	switch name = strings.ToUpper(name); {
	case awsKeyID.MatchString(value):
		return true
	case strings.Contains(name, "AWS_SECRET"), name == "AWS_SESSION_TOKEN":
		return awsSecret.MatchString(value) || name == "AWS_SESSION_TOKEN" && len(value) > 100
	case slices.Contains([]string{"AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY", "ARM_ACCESS_KEY"}, name):
		return azureKey.MatchString(value) && !reference.MatchString(value)
	}
	return strings.Contains(value, "AccountKey=") && strings.Contains(value, "AccountName=") ||
		strings.Contains(value, "service_account") && strings.Contains(value, "PRIVATE KEY-----")
}
