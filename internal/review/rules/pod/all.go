// Package pod holds the rules on what a pod may do: its security context, its volumes, its account and what it
// starts.
package pod

import (
	"embed"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	rules := []review.Rule{
		privileged, privilegeEscalation, runAsNonRoot, runAsRootUID, rootGroup, lowUID, readOnlyRootFilesystem,
		capabilitiesDropAll, capabilitiesAdded, hostPID, hostIPC, hostNetwork, hostPort, hostPath, hostPathSensitive,
		hostPathWritable, runtimeSocket, procMount, unsafeSysctls, seccomp, seccompUnconfined, appArmor,
		appArmorUnconfined, seLinux, seLinuxSharedLevel, windowsHostProcess, probeHost, volumeTypes, hostUsers,
		shareProcessNamespace, hostAliases, ephemeralContainers, sshInContainer, downloadAtStart, sudoEntrypoint,
		noSecurityContext, serviceAccountToken, defaultServiceAccount, serviceAccountShared,
		deprecatedServiceAccountField, controlPlaneToleration, cloudCredentialsMount,
	}
	for i := range rules {
		doc, err := docs.ReadFile(strings.ReplaceAll(rules[i].ID, "-", "_") + ".md")
		if err == nil { // a missing page is found by the test over all rules
			rules[i].Area, rules[i].Doc = "pod", string(doc)
		}
	}
	return rules
}
