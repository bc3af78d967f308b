package main

// unmarked are life cycles without markers: of what was gone before there were any, of alpha versions that never got
// them, and of kinds that the API server only warns of. By the changelogs of Kubernetes and its deprecation guide.
func unmarked() map[string]lifecycle {
	rbac := func(kind string) lifecycle {
		return lifecycle{6, 17, 23, groupKind{"rbac.authorization.k8s.io", "v1", kind}}
	}
	return map[string]lifecycle{
		"admissionregistration.k8s.io/v1alpha1 ExternalAdmissionHookConfiguration": {7, 9, 9, groupKind{"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration"}},
		"admissionregistration.k8s.io/v1alpha1 InitializerConfiguration":           {7, 13, 14, groupKind{"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration"}},
		"apps/v1alpha1 PetSet":                                  {3, 5, 5, groupKind{"apps", "v1", "StatefulSet"}},
		"auditregistration.k8s.io/v1alpha1 AuditSink":           {13, 18, 19, groupKind{}},
		"autoscaling/v2alpha1 HorizontalPodAutoscaler":          {6, 8, 9, groupKind{"autoscaling", "v2", "HorizontalPodAutoscaler"}},
		"batch/v2alpha1 CronJob":                                {5, 8, 21, groupKind{"batch", "v1", "CronJob"}},
		"batch/v2alpha1 ScheduledJob":                           {4, 5, 8, groupKind{"batch", "v1", "CronJob"}},
		"discovery.k8s.io/v1alpha1 EndpointSlice":               {16, 17, 21, groupKind{"discovery.k8s.io", "v1", "EndpointSlice"}},
		"extensions/v1beta1 HorizontalPodAutoscaler":            {1, 2, 6, groupKind{"autoscaling", "v2", "HorizontalPodAutoscaler"}},
		"extensions/v1beta1 Job":                                {1, 2, 6, groupKind{"batch", "v1", "Job"}},
		"extensions/v1beta1 ThirdPartyResource":                 {2, 7, 8, groupKind{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}},
		"node.k8s.io/v1alpha1 RuntimeClass":                     {12, 20, 25, groupKind{"node.k8s.io", "v1", "RuntimeClass"}},
		"rbac.authorization.k8s.io/v1alpha1 ClusterRole":        rbac("ClusterRole"),
		"rbac.authorization.k8s.io/v1alpha1 ClusterRoleBinding": rbac("ClusterRoleBinding"),
		"rbac.authorization.k8s.io/v1alpha1 Role":               rbac("Role"),
		"rbac.authorization.k8s.io/v1alpha1 RoleBinding":        rbac("RoleBinding"),
		"resource.k8s.io/v1alpha1 ResourceClaim":                {26, 27, 27, groupKind{"resource.k8s.io", "v1", "ResourceClaim"}},
		"resource.k8s.io/v1alpha1 ResourceClaimTemplate":        {26, 27, 27, groupKind{"resource.k8s.io", "v1", "ResourceClaimTemplate"}},
		"resource.k8s.io/v1alpha1 ResourceClass":                {26, 27, 27, groupKind{"resource.k8s.io", "v1", "DeviceClass"}},
		"scheduling.k8s.io/v1alpha1 PriorityClass":              {8, 14, 23, groupKind{"scheduling.k8s.io", "v1", "PriorityClass"}},
		"settings.k8s.io/v1alpha1 PodPreset":                    {6, 19, 20, groupKind{}},
		"storage.k8s.io/v1alpha1 CSIDriver":                     {12, 14, 14, groupKind{"storage.k8s.io", "v1", "CSIDriver"}},
		"v1 ComponentStatus":                                    {1, 19, 0, groupKind{}},
		"v1 Endpoints":                                          {1, 33, 0, groupKind{"discovery.k8s.io", "v1", "EndpointSlice"}},
	}
}
