package export

import (
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
)

// controllers create pods, and what makes pods, out of objects that were admitted before. The second of them is the name
// of all where they share one.
const controllers = `['system:kube-controller-manager'] + ['cronjob', 'daemon-set', 'deployment', 'job', 'replicaset', 'replication', 'statefulset']
      .map(c, 'system:serviceaccount:kube-system:' + c + '-controller')`

// identities are what an exemption may name an object by: what it is itself and, when a controller of Kubernetes creates
// it, what it is created for. Owners that anybody else writes do not count.
const identities = `([request.kind.kind + '/' + request.namespace + '/' + (has(object.metadata.name) ? object.metadata.name : '')] +
  (request.operation == 'CREATE' && has(object.metadata.ownerReferences) && request.userInfo.username in (` + controllers + `)
    ? object.metadata.ownerReferences.filter(o, has(o.controller) && o.controller)
      .map(o, o.kind + '/' + request.namespace + '/' + o.name) +
      object.metadata.ownerReferences.filter(o, has(o.controller) && o.controller && o.kind in ['ReplicaSet', 'Job'] && o.name.contains('-'))
      .map(o, (o.kind == 'Job' ? 'CronJob/' : 'Deployment/') + request.namespace + '/' + o.name.substring(0, o.name.lastIndexOf('-')))
    : [])
)`

// exempt returns the condition under which a rule's policy applies, "" for always, and what is to be said of it.
func (e *exporter) exempt(rule string) (condition string, said []string) {
	var lines []string
	for _, x := range e.policy.Exemptions {
		if ok, err := path.Match(x.Rule, rule); err != nil || !ok {
			continue
		}
		until := x.Until.Format(time.DateOnly)
		if e.options.Today.Format(time.DateOnly) > until {
			continue // as in a review
		}
		who := strings.TrimSpace(x.Object + " " + x.Root)
		pattern, why := identity(x)
		if why != "" {
			said = append(said, e.note("The exemption of %s from %s is not exported: %s.", who, rule, why))
			continue
		}
		lines = append(lines, "// "+oneLine(x.Reason)+", until "+until+"\n  id.matches("+literal(pattern)+")")
		said = append(said, e.note("The exemption of %s from %s ends on %s, which the cluster does not know: export again then.", who, rule, until))
	}
	if len(lines) == 0 {
		return "", said
	}
	return "!" + identities + ".exists(id,\n  " + strings.Join(lines, " ||\n  ") + "\n)", said
}

// identity returns the regular expression of the objects that an exemption names, or why it has none.
func identity(x review.ExemptionRule) (pattern, why string) {
	switch parts := strings.Split(x.Object, "/"); {
	case x.Root != "":
		return "", "admission knows no roots"
	case strings.ContainsAny(x.Object, `[\`):
		return "", "its pattern has a class of characters"
	case len(parts) == 2:
		return "^" + wildcards(parts[0]) + "/[^/]*/" + wildcards(parts[1]) + "$", ""
	case len(parts) == 3:
		return "^" + wildcards(x.Object) + "$", ""
	}
	return "", "it names no object as Kind/name or Kind/namespace/name"
}

// wildcards writes a pattern of path.Match without classes as a regular expression.
func wildcards(s string) string {
	return strings.NewReplacer(`\*`, "[^/]*", `\?`, "[^/]").Replace(regexp.QuoteMeta(s))
}

// oneLine is fit for a comment.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
