// Package rbac holds the rules on who may do what: roles, their bindings, and what a change to either newly allows.
//
// Words: a grant is one item of a role's rules; a power is what a grant lets its holder do beyond what it says, data that
// the rules share; a right is one verb on one resource, which a subject has through a binding and the roles it leads to.
package rbac

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("rbac", docs,
		wildcardVerbs, wildcardResources, wildcardAPIGroups, secrets, createWorkloads, podExec, escalate, bind,
		impersonate, nodesProxy, csrApprove, tokenCreate, webhookConfig, persistentVolumes, systemConfig, networkWrite,
		deleteEvents, deletes, adminEquivalentWorkload, aggregate, clusterAdmin, anonymous, authenticated, abacPolicy,
		defaultServiceAccount, user, roleMissing, subjectMissing, gained,
	)
}

// The groups of roles and bindings: Kubernetes', and OpenShift's own, which its API server writes as the former.
const (
	group     = "rbac.authorization.k8s.io"
	openShift = "authorization.openshift.io"
)

// onRoles and onBindings are the kinds that the rules judge.
func onRoles() []string {
	return []string{"Role." + group, "ClusterRole." + group, "Role." + openShift, "ClusterRole." + openShift}
}

func onBindings() []string {
	return []string{"RoleBinding." + group, "ClusterRoleBinding." + group, "RoleBinding." + openShift, "ClusterRoleBinding." + openShift}
}
