package change

import (
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"k8s.io/apimachinery/pkg/api/resource"
)

// defaults says what the API server takes for fields that are absent, by their path below the field that is compared,
// with "[]" for every item of a list. Of what is "*" an absent field may be anything, what is "-" is not
// compared. Beside them absent, null, "" and an
// empty list or mapping are all the same.
type defaults map[string]string

const anything = "*"

// left marks what is left out of a comparison.
const left = "-"

// without returns the defaults with paths that are not compared.
func (d defaults) without(paths ...string) defaults {
	for _, path := range paths {
		d[path] = left
	}
	return d
}

// under returns the defaults of what lies below a field.
func (d defaults) under(field string) defaults {
	all := make(defaults, len(d))
	for path, value := range d {
		if rest, below := strings.CutPrefix(path, field+"."); below {
			all[rest] = value
		}
	}
	return all
}

// difference returns the first place, in the order of head, at which two fields differ to the API server.
func (d defaults) difference(was, now manifests.Field) (manifests.Field, bool) {
	return d.below("", was, now)
}

func (d defaults) below(path string, was, now manifests.Field) (manifests.Field, bool) {
	switch {
	case d[path] == left:
		return now, false
	case was.IsMap() || now.IsMap():
		if was.IsSet() && !was.IsMap() || now.IsSet() && !now.IsMap() {
			return now, true
		}
		return d.mappings(path, was, now)
	case was.IsList() || now.IsList():
		if len(was.Items()) != len(now.Items()) {
			return now, !d.stands(path, was) || !d.stands(path, now)
		}
		for i := range now.Items() {
			if at, differs := d.below(path+"[]", was.At(i), now.At(i)); differs {
				return at, true
			}
		}
		return now, false
	}
	return now, !d.sameScalar(path, was, now)
}

// mappings compares two mappings, of which one may be absent, key by key: those of head first.
func (d defaults) mappings(path string, was, now manifests.Field) (manifests.Field, bool) {
	seen := make(map[string]bool)
	for _, side := range [][]manifests.Entry{now.Entries(), was.Entries()} {
		for _, e := range side {
			if seen[e.Key] {
				continue
			}
			seen[e.Key] = true
			if at, differs := d.below(joinPath(path, e.Key), was.Get(e.Key), now.Get(e.Key)); differs {
				return at, true
			}
		}
	}
	return now, false
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// stands reports whether a list is what the API server puts where none is written.
func (d defaults) stands(path string, list manifests.Field) bool {
	items := list.Items()
	return len(items) == 0 || len(items) == 1 && d[path+"[]"] != "" && items[0].Text() == d[path+"[]"]
}

func (d defaults) sameScalar(path string, was, now manifests.Field) bool {
	standard := d[path]
	if standard == anything && (!was.IsSet() || !now.IsSet()) {
		return true
	}
	before, after := was.Text(), now.Text()
	if before == "" {
		before = standard
	}
	if after == "" {
		after = standard
	}
	return before == after || sameBool(was, now) || sameInt(was, now) || isQuantity(path) && sameQuantity(before, after)
}

func sameBool(was, now manifests.Field) bool {
	before, ok := was.Bool()
	after, also := now.Bool()
	return ok && also && before == after
}

func sameInt(was, now manifests.Field) bool {
	before, ok := was.Int()
	after, also := now.Int()
	return ok && also && before == after
}

// quantities are the places where Kubernetes has quantities, which may be written in several ways.
var quantities = regexp.MustCompile(`(^|\.)(requests|limits|capacity|hard)\.[^.]+$|(^|\.)sizeLimit$|(^|\.)divisor$`)

func isQuantity(path string) bool { return quantities.MatchString(path) }

func sameQuantity(before, after string) bool {
	a, ok := parseQuantity(before)
	b, also := parseQuantity(after)
	return ok && also && a.Cmp(b) == 0
}

// parseQuantity reads a quantity; ok is false for what is none.
func parseQuantity(text string) (q resource.Quantity, ok bool) {
	const longest = 64
	if text == "" || len(text) > longest {
		return q, false
	}
	q, err := kubeapi.ParseQuantity(strings.TrimSpace(text))
	return q, err == nil
}

// podDefaults are what the API server fills into a pod template (pkg/apis/core/v1/defaults.go of Kubernetes).
var podDefaults = defaults{
	"metadata.creationTimestamp":                    anything,
	"spec.restartPolicy":                            "Always",
	"spec.dnsPolicy":                                "ClusterFirst",
	"spec.schedulerName":                            "default-scheduler",
	"spec.terminationGracePeriodSeconds":            "30",
	"spec.enableServiceLinks":                       "true",
	"spec.serviceAccount":                           anything, // an alias, kept equal to serviceAccountName
	"spec.hostNetwork":                              "false",
	"spec.hostPID":                                  "false",
	"spec.hostIPC":                                  "false",
	"spec.volumes[].secret.defaultMode":             "420",
	"spec.volumes[].configMap.defaultMode":          "420",
	"spec.volumes[].downwardAPI.defaultMode":        "420",
	"spec.volumes[].projected.defaultMode":          "420",
	"spec.volumes[].hostPath.type":                  anything,
	"spec.volumes[].persistentVolumeClaim.readOnly": "false",
	"spec.volumes[].projected.sources[].serviceAccountToken.expirationSeconds":   "3600",
	"spec.volumes[].downwardAPI.items[].fieldRef.apiVersion":                     "v1",
	"spec.volumes[].projected.sources[].downwardAPI.items[].fieldRef.apiVersion": "v1",
}

// containerDefaults are those of containers of every kind.
var containerDefaults = defaults{
	"imagePullPolicy":                      anything, // by the tag
	"terminationMessagePath":               "/dev/termination-log",
	"terminationMessagePolicy":             "File",
	"ports[].protocol":                     "TCP",
	"ports[].hostPort":                     anything, // the host network's
	"env[].valueFrom.fieldRef.apiVersion":  "v1",
	"volumeMounts[].readOnly":              "false",
	"stdin":                                "false",
	"stdinOnce":                            "false",
	"tty":                                  "false",
	"resources.requests.cpu":               anything, // the limit's
	"resources.requests.memory":            anything,
	"resources.requests.ephemeral-storage": anything,
	"securityContext.procMount":            "Default",
}

var probeDefaults = defaults{
	"timeoutSeconds": "1", "periodSeconds": "10", "successThreshold": "1", "failureThreshold": "3",
	"initialDelaySeconds": "0", "httpGet.scheme": "HTTP", "httpGet.path": "/",
}

// podTemplate joins the defaults of a pod template.
func podTemplate() defaults {
	all := defaults{}
	add := func(prefix string, more defaults) {
		for path, value := range more {
			all[joinPath(prefix, path)] = value
		}
	}
	add("", podDefaults)
	for _, list := range []string{"spec.containers[]", "spec.initContainers[]"} {
		add(list, containerDefaults)
		for _, probe := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
			add(list+"."+probe, probeDefaults)
		}
		for _, hook := range []string{"lifecycle.postStart", "lifecycle.preStop"} {
			add(list+"."+hook, defaults{"httpGet.scheme": "HTTP", "httpGet.path": "/"})
		}
	}
	return all
}
