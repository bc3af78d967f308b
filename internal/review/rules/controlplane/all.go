// Package controlplane holds the rules on the cluster's own programs: the API server, the controller manager, the
// scheduler, etcd and the kubelets, with the files that configure them, and on what admits objects.
//
// A program's settings are read from wherever they stand: the command line of a static pod, kubeadm's configuration, or
// the program's own configuration file, be it a file of the repository or a text in a ConfigMap. What is not set is
// judged by the default that then holds.
package controlplane

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("controlplane", docs,
		apiserverAuthorization, apiserverAnonymous, apiserverStaticAuth, authenticationJWT, apiserverInsecurePort, apiserverAdmission,
		apiserverAudit, apiserverProfiling, apiserverTLS, apiserverKubeletTLS, apiserverServiceAccountLookup,
		apiserverEncryption, apiserverRequestTimeout, apiserverAuditRetention,
		controllerManagerCredentials, controllerManagerRootCA, controllerManagerBind, controllerManagerProfiling,
		schedulerBind, schedulerProfiling,
		kubeletAnonymous, kubeletAuthorization, kubeletReadOnlyPort, kubeletRotation, kubeletClientCA, kubeletProtectKernel,
		kubeletStreamingTimeout, kubeletEventQPS, kubeletTLS,
		etcdTLS, etcdSharedCA, encryptionIdentity, encryptionStaticKey, encryptionKeyDropped, auditPolicy,
		awsAuthenticator, imagePolicyWebhook, imageAdmissionMissing, changeAuthorization,
		webhookMutates, webhookFailOpen, webhookScope, webhookTimeout, webhookCA,
	)
}
