package standard

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func workload(t testing.TB, text string) *review.Workload {
	t.Helper()
	o, err := manifests.NewObject([]byte("apiVersion: v1\nkind: Pod\n" + text))
	if err != nil {
		t.Fatal(err)
	}
	pods := review.NewRootView(manifests.Root{}, []*manifests.Object{o}).Workloads(o)
	if len(pods) != 1 {
		t.Fatalf("%d pods", len(pods))
	}
	return pods[0]
}

// good is what the restricted standard wants of a container.
const good = "allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}, runAsNonRoot: true"

var cases = []struct {
	name, pod string
	level     api.Level
	minor     int
	want      []string // "check path"
}{
	{"nothing set", "spec: {containers: [{name: a}]}", Restricted, 34, []string{
		"allowPrivilegeEscalation spec.containers[0].securityContext.allowPrivilegeEscalation",
		"capabilities_restricted spec.containers[0].securityContext.capabilities.drop",
		"runAsNonRoot spec.containers[0].securityContext.runAsNonRoot",
		"seccompProfile_restricted spec.containers[0].securityContext.seccompProfile.type"}},
	{"nothing set, baseline", "spec: {containers: [{name: a}]}", Baseline, 34, nil},
	{"good", "spec: {containers: [{name: a, securityContext: {" + good + "}}]}", Restricted, 34, nil},
	{"inherited", "spec: {securityContext: {runAsNonRoot: true, seccompProfile: {type: Localhost, localhostProfile: a}}, " +
		"initContainers: [{name: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}], " +
		"containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}}]}", Restricted, 34, nil},
	{"bad pod is blamed once", "spec: {securityContext: {runAsNonRoot: false, runAsUser: 0}, containers: [{name: a, securityContext: {" +
		strings.ReplaceAll(good, ", runAsNonRoot: true", "") + "}}, {name: b, securityContext: {" + good + "}}]}", Restricted, 34,
		[]string{"runAsNonRoot spec.securityContext.runAsNonRoot", "runAsUser spec.securityContext.runAsUser"}},
	{"one of two containers", "spec: {containers: [{name: a, securityContext: {privileged: false}}, {name: b, securityContext: {privileged: true}}]}",
		Baseline, 34, []string{"privileged spec.containers[1].securityContext.privileged"}},
	{"namespaces, ports, paths", "spec: {hostPID: true, hostNetwork: true, volumes: [{name: d, emptyDir: {}}, {name: v, hostPath: {path: /etc}}], " +
		"ephemeralContainers: [{name: e, ports: [{containerPort: 1, hostPort: 0}, {containerPort: 2, hostPort: 2}]}]}", Baseline, 34,
		[]string{"hostNamespaces spec.hostNetwork", "hostNamespaces spec.hostPID", "hostPathVolumes spec.volumes[1].hostPath.path",
			"hostPorts spec.ephemeralContainers[0].ports[1].hostPort"}},
	{"volumes", "spec: {volumes: [{name: none}, {name: n, nfs: {server: s, path: /}}, {name: h, hostPath: {path: /}}]}", Restricted, 34,
		[]string{"restrictedVolumes spec.volumes[1].nfs", "restrictedVolumes spec.volumes[2].hostPath.path"}},
	{"capabilities", "spec: {containers: [{name: a, securityContext: {capabilities: {add: [CHOWN, SYS_ADMIN]}}}]}", Baseline, 34,
		[]string{"capabilities_baseline spec.containers[0].securityContext.capabilities.add[1]"}},
	{"old sysctl", "spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_rmem}, {name: kernel.msgmax}]}, containers: [{name: a}]}", Baseline, 30,
		[]string{"sysctls spec.securityContext.sysctls[0].name", "sysctls spec.securityContext.sysctls[1].name"}},
	{"new sysctl", "spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_rmem}]}, containers: [{name: a}]}", Baseline, 32, nil},
	{"selinux", "spec: {securityContext: {seLinuxOptions: {type: spc_t, level: s0}}, containers: [{name: a, securityContext: {seLinuxOptions: {user: u}}}]}",
		Baseline, 34, []string{"seLinuxOptions spec.securityContext.seLinuxOptions.type", "seLinuxOptions spec.containers[0].securityContext.seLinuxOptions.user"}},
	{"annotations", "metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}}\nspec: {containers: [{name: a}]}", Baseline, 34,
		[]string{"appArmorProfile metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]"}},
	{"old seccomp annotation", "metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined}}\nspec: {containers: [{name: a}]}", Baseline, 18,
		[]string{"seccompProfile_baseline metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]"}},
	{"unconfined", "spec: {securityContext: {seccompProfile: {type: Unconfined}, appArmorProfile: {type: Unconfined}}, containers: [{name: a}]}", Baseline, 34,
		[]string{"appArmorProfile spec.securityContext.appArmorProfile.type", "seccompProfile_baseline spec.securityContext.seccompProfile.type"}},
	{"hosts", "spec: {containers: [{name: a, livenessProbe: {httpGet: {port: 80}}, lifecycle: {preStop: {httpGet: {host: h, port: 1}}}}]}", Baseline, 34,
		[]string{"hostProbesAndHostLifecycle spec.containers[0].lifecycle.preStop.httpGet.host"}},
	{"hosts before they were checked", "spec: {containers: [{name: a, livenessProbe: {tcpSocket: {host: h, port: 80}}}]}", Baseline, 33, nil},
	{"windows", "spec: {os: {name: windows}, securityContext: {runAsNonRoot: true, windowsOptions: {hostProcess: true}}, containers: [{name: a}]}", Restricted, 34,
		[]string{"windowsHostProcess spec.securityContext.windowsOptions.hostProcess"}},
	{"user namespace", "spec: {hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked, runAsUser: 0}}]}", Baseline, 36, nil},
	{"user namespace before 1.35", "spec: {hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked}}]}", Baseline, 34,
		[]string{"procMount spec.containers[0].securityContext.procMount"}},
	{"wrong types beside a fault", "spec: {hostPID: yes please, hostIPC: yes, containers: [{name: 3, image: [], ports: {a: b}, securityContext: {runAsUser: root, privileged: true}}]}",
		Baseline, 34, []string{"hostNamespaces spec.hostIPC", "privileged spec.containers[0].securityContext.privileged"}},
	{"other case", "spec: {hostpid: true, containers: [{name: a, securityContext: {Privileged: true}}]}", Baseline, 34, nil},
}

func TestViolations(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, v := range Violations(workload(t, c.pod), c.level, api.MajorMinorVersion(1, c.minor)) {
				got = append(got, v.Check+" "+v.Field.Path())
				if !strings.Contains(v.Says, "(") {
					t.Errorf("%s says %q", v.Check, v.Says)
				}
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(c.want))
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// The verdict is that of the evaluator which the API server runs, at every level and version.
func TestVerdictIsTheOfficialOne(t *testing.T) {
	t.Parallel()
	official, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		w := workload(t, c.pod)
		decoded := decodePod(w)
		for _, level := range []api.Level{Privileged, Baseline, Restricted} {
			for minor := 18; minor < 38; minor++ {
				version := api.MajorMinorVersion(1, minor)
				results := official.EvaluatePod(api.LevelVersion{Level: level, Version: version}, &decoded.meta, &decoded.whole)
				allowed := policy.AggregateCheckResults(results).Allowed
				if got := len(Violations(w, level, version)) == 0; got != allowed {
					t.Errorf("%s at %s of 1.%d: allowed %v, officially %v", c.name, level, minor, got, allowed)
				}
			}
		}
	}
}

func TestEveryCheckIsKnown(t *testing.T) {
	t.Parallel()
	for _, c := range policy.DefaultChecks() {
		if candidatesOf[c.ID] == nil {
			t.Errorf("nothing says where check %s finds its faults", c.ID)
		}
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	got := fmt.Sprint(AllowsCapability(Baseline, "CHOWN"), AllowsCapability(Restricted, "CHOWN"), AllowsCapability(Restricted, "NET_BIND_SERVICE"),
		AllowsVolume("emptyDir"), AllowsVolume("nfs"), AllowsVolume("typo"),
		AllowsSELinuxType(api.MajorMinorVersion(1, 30), "container_engine_t"), AllowsSELinuxType(api.MajorMinorVersion(1, 31), "container_engine_t"))
	if want := "true false true true false true false true"; got != want {
		t.Errorf("allowed: %s, want %s", got, want)
	}
}

func TestStrictest(t *testing.T) {
	t.Parallel()
	strict := workload(t, "spec: {containers: [{name: a, securityContext: {"+good+"}}]}")
	plain := workload(t, "spec: {containers: [{name: a}]}")
	open := workload(t, "spec: {hostPID: true}")
	version := api.MajorMinorVersion(1, 34)
	for want, pods := range map[api.Level][]*review.Workload{
		Restricted: {strict}, Baseline: {strict, plain}, Privileged: {strict, open, plain},
	} {
		if got := Strictest(pods, version); got != want {
			t.Errorf("strictest level is %s, want %s", got, want)
		}
	}
}

// Whatever a manifest holds, judging it ends without a panic and blames fields of that very object.
func FuzzViolations(f *testing.F) {
	for _, c := range cases {
		f.Add(c.pod)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := manifests.NewObject([]byte("apiVersion: v1\nkind: Pod\n" + text))
		if err != nil {
			return
		}
		for _, w := range review.NewRootView(manifests.Root{}, []*manifests.Object{o}).Workloads(o) {
			for _, v := range Violations(w, Restricted, api.MajorMinorVersion(1, 34)) {
				if path := v.Field.Path(); !strings.HasPrefix(path, "spec") && !strings.HasPrefix(path, "metadata") {
					t.Errorf("%s blames %q", v.Check, path)
				}
			}
		}
	})
}
