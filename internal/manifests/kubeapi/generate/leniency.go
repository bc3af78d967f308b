package main

// The descriptions are stricter than the API server. Where it fills a field in, takes the zero value for right or takes
// an item twice, a manifest is right too. These lists were found by asking the registries of Kubernetes 1.36 themselves
// (k8s.io/kubernetes/pkg/registry, rest.BeforeCreate) of objects in which one field after the other was left out.

// notRequired returns the properties of a type that are required by the description only.
func notRequired(name string) []string {
	return map[string][]string{
		"ControllerRevision":                     {"revision"},
		"CSIDriver":                              {"spec"},
		"CustomResourceDefinitionVersion":        {"served", "storage"},
		"EndpointSlice":                          {"endpoints"},
		"ForNode":                                {"name"},
		"ForZone":                                {"name"},
		"HTTPHeader":                             {"value"},
		"ISCSIPersistentVolumeSource":            {"lun"},
		"ISCSIVolumeSource":                      {"lun"},
		"LimitRangeSpec":                         {"limits"},
		"NetworkPolicySpec":                      {"podSelector"},
		"PodFailurePolicy":                       {"rules"},
		"PodFailurePolicyOnPodConditionsPattern": {"status"},
		"PreferredSchedulingTerm":                {"preference"},
		"PriorityClass":                          {"value"},
		"RoleRef":                                {"apiGroup"},
		"SleepAction":                            {"seconds"},
		"StatefulSetSpec":                        {"serviceName"},
		"Sysctl":                                 {"value"},
		"TokenRequest":                           {"audience"},
	}[name]
}

// mayRepeat returns the lists of a type whose items go by keys, and in which two may go by the same. (Lists that are
// sets by their description are not held to that anywhere.)
func mayRepeat(name string) []string {
	return map[string][]string{
		"Container":                     {"env", "ports"},
		"EphemeralContainer":            {"env", "ports"},
		"JSONSchemaProps":               {"x-kubernetes-validations"},
		"PodSpec":                       {"hostAliases", "imagePullSecrets"},
		"ServiceAccount":                {"imagePullSecrets", "secrets"},
		"ValidatingAdmissionPolicySpec": {"variables"},
		"MutatingAdmissionPolicySpec":   {"variables"},
	}[name]
}
