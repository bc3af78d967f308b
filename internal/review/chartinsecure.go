package review

import (
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// RuleHelmSource is the rule of charts that are fetched so that others decide what they are. Of objects the rule speaks itself; of the
// files that name charts the engine does, since they are no objects.
const RuleHelmSource = "helm-source-insecure"

// insecureCharts makes the findings of the charts that the files of a root have fetched in the clear, or in any version. What base has
// as well is not this change's doing.
func (r *run) insecureCharts(p *pair) (all []Finding) {
	level, on := r.levels[RuleHelmSource]
	if !on {
		return nil
	}
	before := make(map[string]bool)
	if p.Base != nil {
		for _, c := range chartsNamed(r.change.Base, p.base.reads) {
			for reason := range c.insecure(r.change.Base) {
				before[c.key(RuleHelmSource, reason)] = true
			}
		}
	}
	for _, c := range chartsNamed(r.change.Head, p.head.reads) {
		for reason, at := range c.insecure(r.change.Head) {
			f := Finding{Rule: RuleHelmSource, Level: level, Status: New, Root: p.path(), Guidelines: r.guidelines(RuleHelmSource),
				Message: shorten("chart " + c.name + " " + reason), Fingerprint: fingerprint(RuleHelmSource + "|" + p.path() + "|" + c.key(RuleHelmSource, reason)),
				Detail:   "Whoever sits on the way, or publishes the next version, decides what is installed, and nobody reviewed that.",
				Location: location(manifests.Frame{Span: at, Precision: manifests.Exact}, r.change.Touches(at.File, at.Line))}
			if before[c.key(RuleHelmSource, reason)] {
				f.Status = Existing
			}
			all = append(all, f)
		}
	}
	return all
}

// insecure says what is wrong with how a chart is fetched, and where that is written.
func (c *namedChart) insecure(tree source.Tree) map[string]source.Span {
	found := make(map[string]source.Span)
	if PlainHTTP(c.repository) && c.from.File != "" {
		found["is fetched without encryption"] = c.from
	}
	vendored := c.archive != "" || c.unpacked != ""
	if info, err := tree.Stat(path.Join(path.Dir(c.at.File), "charts", c.name)); err == nil && info.Kind == source.Dir {
		vendored = true
	}
	if c.repository != "" && !strings.HasPrefix(c.repository, "file:") && AnyVersion(c.version) && !c.locked && !vendored {
		found["has no version: the newest is taken"] = c.at
	}
	return found
}

// PlainHTTP reports whether an address is asked for without encryption by somebody else's machine: the cluster's own
// names and loopback are no way that a stranger sits on.
func PlainHTTP(address string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(address), "http://")
	if !ok {
		return false
	}
	host, _, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, ':'); i > 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return host != "localhost" && !strings.HasPrefix(host, "127.") && !strings.HasSuffix(host, ".svc") && !strings.HasSuffix(host, ".svc.cluster.local") &&
		strings.Contains(host, ".")
}

// AnyVersion reports whether a chart's version leaves the choice to whoever publishes the next one.
func AnyVersion(version string) bool {
	version = strings.TrimSpace(version)
	return version == "" || strings.Trim(version, "*xX.") == "" || version == ">=0" || version == ">0" || strings.HasPrefix(version, ">=0.0.0")
}
