package export_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review/policy/export"
)

func podOf(image string) string {
	quoted, _ := json.Marshal(image)
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"apps"},"spec":{"containers":[{"name":"web","image":%s}]}}`, quoted)
}

// lists are the allow and deny lists of a policy.
type lists struct{ allow, deny []string }

var listedHere = lists{
	allow: []string{"docker.io/library/*", "docker.io/someone/**", "ghcr.io/acme/**", "registry.internal:5000/**", "123456789012.dkr.ecr.*.amazonaws.com/**", "localhost/x", "[::1]:5000/**", "1.2.3.4:5000/**", "xn--e1awd7f.example/**"},
	deny:  []string{"docker.io/library/centos", "**/*-debug"},
}

// judge exports a policy of the lists, and what they say themselves.
func (l lists) judge(t testing.TB) (*judge, *images.Allowlist) {
	t.Helper()
	list, err := images.NewAllowlist(l.allow, l.deny)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"images": map[string]any{"allow": l.allow, "deny": l.deny}})
	if err != nil {
		t.Fatal(err)
	}
	return judges(t, exported(t, string(text), nil, export.Options{Targets: []export.Target{export.Admission}}))["image-registry"], list
}

// agree holds what the cluster says of an image against what the review does.
func agree(t testing.TB, j *judge, list *images.Allowlist, image string) {
	t.Helper()
	if image == "" { // which Kubernetes refuses by itself
		return
	}
	ref, err := images.ParseReference(image)
	want := err == nil
	if want {
		want, _ = list.Allows(ref)
	}
	said, _ := j.verdict(t, ask{object: podOf(image)})
	if got := said == ""; got != want {
		t.Fatalf("%q (%v, %v): the matcher says %v, the cluster %q", image, ref, err, want, said)
	}
}

// TestListAgrees holds the exported expressions against our own matcher, on all edge cases.
func TestListAgrees(t *testing.T) {
	t.Parallel()
	for _, l := range []lists{listedHere, {deny: []string{"docker.io/library/centos", "**/*-debug"}}, {allow: []string{"**"}, deny: []string{"**/centos", "docker.io/**"}}, {allow: []string{"*.a.example.com/x/*/y"}}} {
		j, list := l.judge(t)
		for _, image := range names {
			agree(t, j, list, image)
		}
	}
}

// TestListAgreesOnMade does so on references and patterns that are made of what the edge cases are made of.
func TestListAgreesOnMade(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 2))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	hosts := []string{"", "", "docker.io/", "Docker.IO/", "index.docker.io/", "registry-1.docker.io:443/", "ghcr.io/", "ghcr.io:443/", "ghcr.io:8443/", "a.b.c.d/", "a.x.c.d/", "localhost/", "localhost:5000/", "[::1]:5000/", "[::FFFF:1:2]/", "1.2.3.4/", "0x1.2/", "10:5/", "foo_bar.io/"}
	parts := []string{"acme", "web", "web-debug", "library", "a__b", "a.b", "x", "centos", "Web", "..", "-a", ""}
	tails := []string{"", "", ":1", ":latest", "@sha256:" + hex64, ":1@sha256:" + hex64, ":", "@", ":1:2", "@sha256:1", " "}
	refused, allowed := 0, 0
	for range 15 {
		l := lists{allow: []string{pick("**", "docker.io/**", "ghcr.io/**", "**/*", "docker.io/library/*")}}
		for range 4 {
			pattern := pick("**", "docker.io", "ghcr.io", "ghcr.io:8443", "a.*.c.d", "*.b.c.d", "localhost:5000", "[::1]:5000", "1.2.3.4")
			for range 1 + random.IntN(3) {
				pattern += "/" + pick("**", "*", "acme", "web", "web-*", "*-debug", "library", "a*b", "x")
			}
			if _, err := images.ParsePattern(pattern); err != nil {
				continue
			}
			if random.IntN(4) == 0 {
				l.deny = append(l.deny, pattern)
			} else {
				l.allow = append(l.allow, pattern)
			}
		}
		j, list := l.judge(t)
		for range 120 {
			image := pick(hosts...) + pick(parts[:8]...)
			for range random.IntN(3) {
				image += "/" + pick(parts[:7+random.IntN(6)]...)
			}
			image += pick(tails[:6+random.IntN(6)]...)
			agree(t, j, list, image)
			if said, _ := j.verdict(t, ask{object: podOf(image)}); said == "" {
				allowed++
			} else {
				refused++
			}
		}
	}
	if allowed < 300 || refused < 300 {
		t.Errorf("%d are allowed and %d refused: that holds little", allowed, refused)
	}
}

// FuzzListAgrees does so on any text.
func FuzzListAgrees(f *testing.F) {
	for _, image := range names {
		f.Add(image)
	}
	j, list := listedHere.judge(f)
	f.Fuzz(func(t *testing.T, image string) {
		if utf8.ValidString(image) { // which the API server sees to
			agree(t, j, list, image)
		}
	})
}

// TestPlaces holds that images are found in every kind of object and of container, and how they are told of.
func TestPlaces(t *testing.T) {
	t.Parallel()
	j, _ := listedHere.judge(t)
	for place, want := range map[string]string{
		`{"containers":[{"name":"web","image":"quay.io/x/y:1"}]}`:                                                            "container web uses quay.io/x/y, which the policy does not allow (images.allow)",
		`{"containers":[],"initContainers":[{"name":"init","image":"quay.io/x/y"}]}`:                                         "init container init uses quay.io/x/y, ",
		`{"containers":[],"initContainers":[{"name":"log","image":"quay.io/x/y","restartPolicy":"Always"}]}`:                 "sidecar log uses quay.io/x/y, ",
		`{"containers":[],"ephemeralContainers":[{"name":"debug","image":"quay.io/x/y"}]}`:                                   "ephemeral container debug uses quay.io/x/y, ",
		`{"containers":[],"volumes":[{"name":"a","emptyDir":{}},{"name":"models","image":{"reference":"quay.io/x/y"}}]}`:     "volume models uses quay.io/x/y, ",
		`{"containers":[{"name":"web","image":"CENTOS.io/x/y"},{"name":"b","image":"centos"},{"name":"c","image":"nginx"}]}`: "container b uses docker.io/library/centos, which the policy denies (images.deny: docker.io/library/centos)",
		`{"containers":[{"name":"web","image":"me:secret@ghcr.io/acme/x"}]}`:                                                 "container web: the image reference cannot be read",
		`{"containers":[{"name":"web","image":"ghcr.io/acme/x"},{"name":"none"}],"volumes":[{"name":"late","image":{}}]}`:    "",
	} {
		for _, object := range []string{
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":%s}`,
			`{"apiVersion":"v1","kind":"PodTemplate","metadata":{"name":"web"},"template":{"spec":%s}}`,
			`{"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"web"},"spec":{"template":{"spec":%s}}}`,
			`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":%s}}}`,
			`{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web"},"spec":{"template":{"spec":%s}}}`,
			`{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web"},"spec":{"template":{"spec":%s}}}`,
			`{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"web"},"spec":{"template":{"spec":%s}}}`,
			`{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"web"},"spec":{"template":{"spec":%s}}}`,
			`{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"web"},"spec":{"jobTemplate":{"spec":{"template":{"spec":%s}}}}}`,
		} {
			object = fmt.Sprintf(object, place)
			said, _ := j.verdict(t, ask{object: object})
			if want == "" && said != "" || !strings.HasPrefix(said, want) || strings.Contains(said, "secret") {
				t.Errorf("%s: %q, want %q", object, said, want)
			}
		}
	}
}

// TestUpdates holds that only what an update brings in is judged, and that nothing hides behind what was there.
func TestUpdates(t *testing.T) {
	t.Parallel()
	j, _ := listedHere.judge(t)
	old := podOf("quay.io/x/y:1")
	for image, refused := range map[string]bool{"quay.io/x/y:1": false, "quay.io/x/y:2": true, "ghcr.io/acme/web": false} {
		if said, _ := j.verdict(t, ask{object: podOf(image), old: old}); (said != "") != refused {
			t.Errorf("%s after quay.io/x/y:1: %q", image, said)
		}
	}
	auto := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{"containers":[{"name":"proxy","image":"auto"}]}}}}`
	strict, _ := lists{allow: []string{"ghcr.io/acme/**"}}.judge(t)
	if said, _ := strict.verdict(t, ask{object: auto}); said != "" {
		t.Errorf("Istio's auto in a template: %s", said)
	}
	if said, _ := strict.verdict(t, ask{object: podOf("auto")}); said == "" {
		t.Error("a pod runs docker.io/library/auto")
	}
}

// TestPins holds the policies on tags and digests.
func TestPins(t *testing.T) {
	t.Parallel()
	all := judges(t, exported(t, "images: {moving: [stable]}\n", nil, export.Options{}))
	if all["image-registry"] != nil {
		t.Error("there is an allowlist where the policy has none")
	}
	for image, want := range map[string]struct{ latest, digest string }{
		"nginx":                        {"container web uses docker.io/library/nginx without a tag; name a version", "container web uses docker.io/library/nginx without a digest; write"},
		"ghcr.io/acme/web:latest":      {"container web uses ghcr.io/acme/web with the moving tag latest", "container web uses ghcr.io/acme/web:latest without"},
		"ghcr.io:443/acme/web:stable":  {"container web uses ghcr.io/acme/web with the moving tag stable", "container web uses ghcr.io/acme/web:stable without"},
		"ghcr.io/acme/web:1":           {"", "container web uses ghcr.io/acme/web:1 without"},
		"localhost:5000/latest:1":      {"", "container web uses localhost:5000/latest:1 without"},
		"nginx@sha256:" + hex64:        {},
		"nginx:latest@sha256:" + hex64: {},
		"nginx@sha256:1":               {"container web: the image reference", "container web: the image reference"},
	} {
		for id, want := range map[string]string{"image-latest": want.latest, "image-digest": want.digest} {
			if said, _ := all[id].verdict(t, ask{object: podOf(image)}); want == "" && said != "" || !strings.HasPrefix(said, want) {
				t.Errorf("%s: %s: %q, want %q", id, image, said, want)
			}
		}
	}
}

const exempting = `images: {allow: [ghcr.io/acme/**]}
exemptions:
  - {rule: image-registry, object: DaemonSet/logging/fluent-*, reason: "from the vendor", until: 2027-01-01}
  - {rule: "image-*", object: Deployment/old, reason: "moves\nsoon", until: 2026-11-21}
  - {rule: image-registry, object: CronJob/backup, reason: r, until: 2027-01-01}
  - {rule: image-registry, object: Pod/ended, reason: r, until: 2026-11-20}
  - {rule: privileged, object: Pod/other, reason: r, until: 2027-01-01}
  - {rule: image-registry, root: clusters/**, reason: r, until: 2027-01-01}
  - {rule: image-registry, object: "Pod/[ab]", reason: r, until: 2027-01-01}
`

// TestExemptions holds whom exemptions cover: the object, and what Kubernetes' own controllers create for it.
func TestExemptions(t *testing.T) {
	t.Parallel()
	x := exported(t, exempting, nil, export.Options{})
	j := judges(t, x)["image-registry"]
	const daemon, replica = "system:serviceaccount:kube-system:daemon-set-controller", "system:serviceaccount:kube-system:replicaset-controller"
	owned := func(owner string) string {
		return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"logging","ownerReferences":[` + owner + `]},"spec":{"containers":[{"name":"web","image":"quay.io/x/y"}]}}`
	}
	named := func(kind, namespace, name string) string {
		return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":%q,"metadata":{"name":%q,"namespace":%q},"spec":{"template":{"spec":{"containers":[{"name":"web","image":"quay.io/x/y"}]}}}}`, kind, name, namespace)
	}
	for _, c := range []struct {
		what   string
		ask    ask
		exempt bool
	}{
		{"the object", ask{object: named("DaemonSet", "logging", "fluent-bit")}, true},
		{"in another namespace", ask{object: named("DaemonSet", "web", "fluent-bit")}, false},
		{"another name", ask{object: named("DaemonSet", "logging", "x-fluent-bit")}, false},
		{"any namespace, last day", ask{object: named("Deployment", "web", "old")}, true},
		{"another kind", ask{object: named("StatefulSet", "web", "old")}, false},
		{"its pod", ask{object: owned(`{"kind":"DaemonSet","name":"fluent-bit","controller":true}`), user: daemon}, true},
		{"its pod, one controller manager", ask{object: owned(`{"kind":"DaemonSet","name":"fluent-bit","controller":true}`), user: "system:kube-controller-manager"}, true},
		{"a pod that says so", ask{object: owned(`{"kind":"DaemonSet","name":"fluent-bit","controller":true}`), user: "eve"}, false},
		{"an owner that is no controller", ask{object: owned(`{"kind":"DaemonSet","name":"fluent-bit"}`), user: daemon}, false},
		{"a pod of its replica set", ask{object: owned(`{"kind":"ReplicaSet","name":"old-5d4f","controller":true}`), user: replica}, true},
		{"a pod of another's", ask{object: owned(`{"kind":"ReplicaSet","name":"old-web-5d4f","controller":true}`), user: replica}, false},
		{"a pod of a replica set without a dash", ask{object: owned(`{"kind":"ReplicaSet","name":"old","controller":true}`), user: replica}, false},
		{"a pod of its job", ask{object: owned(`{"kind":"Job","name":"backup-2961","controller":true}`), user: "system:serviceaccount:kube-system:job-controller"}, true},
		{"ended", ask{object: strings.Replace(podOf("quay.io/x/y"), `"web"`, `"ended"`, 1)}, false},
		{"another rule's", ask{object: strings.Replace(podOf("quay.io/x/y"), `"web"`, `"other"`, 1)}, false},
	} {
		if said, _ := j.verdict(t, c.ask); (said == "") != c.exempt {
			t.Errorf("%s: %q", c.what, said)
		}
	}
	notes := strings.Join(x.Notes, "\n")
	for _, want := range []string{"The exemption of clusters/** from image-registry is not exported: admission knows no roots.", "of Pod/[ab] from image-registry is not exported: its pattern", "of Deployment/old from image-latest ends on 2026-11-21, which the cluster does not know"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note says %q:\n%s", want, notes)
		}
	}
	if strings.Contains(notes, "ended") || strings.Contains(notes, "Pod/other") {
		t.Errorf("notes of what does not matter:\n%s", notes)
	}
}

// TestCost holds a large pod and a large policy to a tenth of what the API server grants all expressions of a policy
// together; that no expression alone takes more than it may, its evaluation sees to.
func TestCost(t *testing.T) {
	t.Parallel()
	var l lists
	for i := range 50 {
		l.allow = append(l.allow, fmt.Sprintf("registry-%d.example.com/team-*/**", i))
		l.deny = append(l.deny, fmt.Sprintf("registry-%d.example.com/team-*/**/*-debug", i))
	}
	j, _ := l.judge(t)
	var containers []string
	for i := range 20 {
		containers = append(containers, fmt.Sprintf(`{"name":"c%d","image":"registry-49.example.com/team-a/product/component-%d:1.2.3@sha256:%s"}`, i, i, hex64))
	}
	pod := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[` + strings.Join(containers, ",") + `]}}`
	said, cost := j.verdict(t, ask{object: pod})
	t.Logf("20 containers, 100 patterns: cost %d of %d", cost, celconfig.RuntimeCELCostBudget)
	if said != "" || cost > celconfig.RuntimeCELCostBudget/10 {
		t.Errorf("%q, cost %d", said, cost)
	}
}

const hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// names are the edge cases of references: spellings of Docker Hub, ports, confusions, hosts that are numbers, digests.
var names = []string{
	"nginx", "nginx:1.27", "docker.io/nginx", "index.docker.io/library/nginx", "registry-1.docker.io/library/nginx", "registry-1.docker.io/nginx",
	"registry.hub.docker.com/someone/x", "docker.io:443/someone/x", "docker.io:443/nginx", "docker.io:80/nginx", "DOCKER.IO/x", "GHCR.IO/acme/x", "ghcr.io:443/acme/web:1",
	"docker.io./x", "ghcr.io:0443/acme/x", "ghcr.io:99999/acme/x", "ghcr.io:0/acme/x", "ghcr.io:65535/acme/x", "ghcr.io:65536/acme/x", "Foo/bar", "foo_bar.com/x", "a/../b", "ghcr.io/./x", "ghcr.io//x", "ghcr.io/acme/x/",
	"ghcr.io/acme/../evil/app", "-app", "ghcr.io/acme/-app", "a..b", "ghcr.io/acme/a..b", "ghcr.i\u043e/acme/web", "oci://ghcr.io/acme/web", "https://ghcr.io/acme/web", hex64, "library/" + hex64, "sha256:" + hex64, "sha384:" + hex64 + hex64[:32], "sha512:" + hex64 + hex64,
	"ghcr.io/Acme/web", "nginx@sha256:" + hex64, "nginx:1.27@sha256:" + hex64, "nginx@sha512:" + hex64 + hex64, "nginx@sha256:" + hex64[1:], "nginx@SHA256:" + hex64, "nginx@sha256:A" + hex64[1:], "nginx@", "nginx@md5:abc",
	"nginx:v1:v2", "nginx:", "nginx:.1", "nginx:" + strings.Repeat("a", 128), "nginx:" + strings.Repeat("a", 129), "nginx:1 ", "nginx\n", "nginx\n:1", "nginx\x00", "ghcr.io/${ORG}/web", "{{ .Values.image }}", "IMAGE_URL", "$(IMAGE)", " ", "auto",
	"ghcr.io.evil.com/acme/app", "ghcr.io-evil.com/acme/app", "evil/ghcr.io/app", "someone/ghcr.io/app", "ghcr.io/acme-evil/app", "ghcr.io/acme", "ghcr.io@evil.com/acme/x", "user:pass@ghcr.io/acme/x", "ghcr.io%2f@evil.com/acme/x", `ghcr.io\@evil.com/acme/x`,
	"docker.io/library/a/b", "centos", "docker.io/library/centos:7", "index.docker.io/centos", "registry-1.docker.io/centos", "ghcr.io/acme/web-debug", "ghcr.io/acme/web-debug/x", "web-debug:1",
	"[::1]:5000/x", "[::1]:443/x", "[::1]/x", "[::ffff:169.254.169.254]/x", "[::ffff:a9fe:a9fe]:5000/x", "[0:0:0:0:0:ffff:a9fe::]:5000/x", "[1::2::3]/x", "[12345::]/x", "[10]/x", "[1:2:3:4:5:6:7:8:9]/x", "[0:0:0:0:0:0:0:1]:5000/x",
	"0x7f.1/x", "0X7F.1/x", "127.1/x", "2130706433/a", "2130706433:80/a", "169.254.169.254/x", "256.1.1.1/x", "010.0.0.1/x", "1.2.3.4:5000/x", "99999999999999999999.1/x",
	"localhost/x", "localhost/y", "LOCALHOST/x", "localhost:5000/x", "localhost", "localhost:443/x", "someone", "someone/a__b--c", "someone/a___b", "someone/a._b", "someone/a_b/c.d",
	"registry.internal:5000/a/b:1", "registry.internal/a/b", "registry.internal:5001/a", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/a", "123456789012.dkr.ecr.a.b.amazonaws.com/a", "123456789012.dkr.ecr.amazonaws.com/a",
	strings.Repeat("a", 64) + ".com/x", strings.Repeat("a", 63) + ".io/x", "registry-1.docker.io/" + strings.Repeat("a", 247), "registry-1.docker.io/" + strings.Repeat("a", 248), "ghcr.io/acme/" + strings.Repeat("a", 250), "ghcr.io/acme/" + strings.Repeat("a", 251), strings.Repeat("a/", 600) + "b",
}
