package helm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// lockDigest is what Helm writes into Chart.lock for a chart's dependencies and the versions that they are locked to
// (helm.sh/helm, internal/resolver).
func lockDigest[T any](asked, locked []T) string {
	text, err := json.Marshal([2][]T{asked, locked})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// fetchable reports whether a dependency names where it lies. An alias of a repository means what whoever runs Helm has set
// up for it.
func (d dependency) fetchable() bool {
	return slices.ContainsFunc([]string{"oci://", "https://", "http://"}, func(scheme string) bool { return strings.HasPrefix(d.repository, scheme) })
}

// key tells fetched dependencies of one name apart, which under aliases may have several versions.
func (d dependency) key() string { return d.name + " " + d.version + " " + d.repository }

// lackOf is a dependency where it is fetched: in the version of the lock, where there is one. A name may come twice, under
// aliases.
func (c *loaded) lackOf(i int) manifests.Lack {
	dep := c.metadata.dependencies[i]
	if i < len(c.locked) && c.locked[i].name == dep.name {
		dep.version = c.locked[i].version
	}
	lack := manifests.Lack{Kind: manifests.LackChart, Address: dep.repository, Name: dep.name, Version: dep.version, At: c.versionSpan(i, dep.version)}
	if strings.HasPrefix(dep.repository, "oci://") {
		lack.Address, lack.Name = strings.TrimRight(dep.repository, "/")+"/"+dep.name, ""
	}
	return lack.In()
}

// fetched loads a dependency that was fetched; nil when it was not. Those that are not there are all named by the error
// that the first of them makes.
func (l *charts) fetched(c *loaded, i, depth int) (*loaded, error) {
	if !c.metadata.dependencies[i].fetchable() || c.archive != "" {
		return nil, nil
	}
	lack := c.lackOf(i)
	if _, err := l.tree.Stat(lack.Dir); err != nil {
		return nil, nil //nolint:nilerr // it was not fetched
	}
	return l.directory(lack.Dir, depth)
}

// lacking is the error of a chart whose dependency i is not there, with all that could be fetched of it.
func (c *loaded) lacking(i int, present map[string]bool) error {
	failed := &manifests.RenderError{Reason: missing(c.metadata.dependencies[i]), Span: c.dependencySpan(i)}
	for n, dep := range c.metadata.dependencies {
		if n < i || present[dep.name] || present[dep.key()] {
			continue
		}
		if strings.HasPrefix(dep.repository, "file://") {
			continue
		}
		if !dep.fetchable() {
			return failed
		}
		failed.Lacks = append(failed.Lacks, c.lackOf(n))
	}
	if c.unfit && len(failed.Lacks) > 0 {
		failed.Lacks = nil
		failed.Reason += "; nor can it be fetched by Chart.lock, which was not made for what Chart.yaml says: run \"helm dependency update\""
		failed.Cause = errUnfit
	}
	return failed
}

var errUnfit = errors.New("the lock of the chart is out of date")
