package pod

import (
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

// hostVolume is a volume that is a place on the node.
type hostVolume struct {
	name string
	at   manifests.Field // its path as written
	path string          // its path in one normal form, see hostPathOf
}

// hostVolumes lists the hostPath volumes of a pod.
func hostVolumes(pod *review.Workload) []hostVolume {
	var found []hostVolume
	for _, v := range pod.List("volumes") {
		if kind, at := standard.VolumeSource(v); kind == "hostPath" {
			found = append(found, hostVolume{v.Get("name").Text(), at, hostPathOf(at.Text())})
		}
	}
	return found
}

// hostPathOf writes a path of a node in one form: clean, with slashes and without a drive, /var/run for /run.
func hostPathOf(written string) string {
	p := strings.ReplaceAll(written, `\`, "/")
	if len(p) > 1 && p[1] == ':' {
		p = p[2:]
	}
	p = path.Clean("/" + p)
	if p == "/run" || strings.HasPrefix(p, "/run/") {
		p = "/var" + p
	}
	return p
}

// within reports whether p is dir or lies below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// holdsCredentials reports whether a path of a node is where a cloud's command line or agent keeps its credentials.
func holdsCredentials(p string) bool {
	if slices.Contains([]string{"/etc/kubernetes/azure.json", "/etc/kubernetes/cloud.conf", "/etc/kubernetes/cloud-config", "/etc/boto.cfg"}, p) {
		return true
	}
	elements := strings.Split(p, "/")
	for i, element := range elements {
		switch {
		case element == ".aws", element == ".azure", element == ".boto":
			return true
		case element == "gcloud" && elements[i-1] == ".config":
			return true
		}
	}
	return false
}
