package rbac

import (
	"slices"
	"strings"
)

// dangers are the powers to gain which a person has to look at: with each of them one gets at more than it says.
func dangers() []power {
	return []power{
		everything, readSecrets, escalateRoles, bindRoles, actAsOthers, enterPods, injectContainers, useKubelets, makeTokens,
		approveCertificates, changeAdmission,
	}
}

// harmless is the rank of rights that give none of the dangers.
const harmless = 100

// rank puts the rights that a person has to look at before the others: by the danger that they give, wildcards over
// resources behind those.
func (r right) rank() int {
	if r.url != "" || r.verb == "" {
		return harmless
	}
	if i := slices.IndexFunc(dangers(), func(w power) bool { return w.givenBy(r) }); i >= 0 {
		return i
	}
	if r.name == "" && (r.verb == "*" || r.group == "*" || r.resource == "*") {
		return harmless - 1
	}
	return harmless
}

// givenBy reports whether a right gives the power as badly as can be.
func (w power) givenBy(r right) bool {
	if r.name != "" && !slices.Contains(w.worst, r.name) {
		return false
	}
	if r.verb != "*" && !slices.Contains(w.verbs, r.verb) {
		return false
	}
	_, sub, _ := strings.Cut(r.resource, "*/")
	return slices.ContainsFunc(w.on, func(of resources) bool {
		return (r.group == "*" || r.group == of.group) && slices.ContainsFunc(of.names, func(name string) bool {
			return r.resource == "*" || r.resource == name || sub != "" && strings.HasSuffix(name, "/"+sub)
		})
	})
}

// deed is what may be done with some resources.
type deed struct {
	verbs []string
	with  []string
}

// deeds joins rights that say the same of different resources, in their order.
func deeds(rights []right) (all []deed) {
	var order []string
	verbs := make(map[string][]string)
	for _, r := range rights {
		title := r.title()
		if verbs[title] == nil {
			order = append(order, title)
		}
		if !slices.Contains(verbs[title], r.verb) {
			verbs[title] = append(verbs[title], r.verb)
		}
	}
	for _, title := range order {
		slices.Sort(verbs[title])
		short := shortVerbs(verbs[title])
		same := func(d deed) bool { return slices.Equal(d.verbs, short) }
		if i := slices.IndexFunc(all, same); i >= 0 {
			all[i].with = append(all[i].with, title)
			continue
		}
		all = append(all, deed{short, []string{title}})
	}
	return all
}

// title names what a right is on.
func (r right) title() string {
	switch {
	case r.all != "":
		return r.all
	case r.url != "":
		return "the path " + r.url
	case r.resource == "*" && r.group == "*":
		return "every resource"
	case r.resource == "*" && r.group == "":
		return "every resource of the core group"
	case r.resource == "*":
		return "every resource of " + r.group
	case r.group == "*":
		return r.resource + " of every group"
	}
	title := titleOfResource(r.group, r.resource)
	if r.name != "" {
		return title + " named " + r.name
	}
	return title
}

// says puts a deed in words: "read secrets and configmaps".
func (d deed) says(most int) string {
	with := enumerate(d.with, most)
	switch {
	case slices.Equal(d.verbs, []string{""}):
		return "do what " + with + " allows"
	case slices.Equal(d.verbs, []string{"*"}):
		return "do everything with " + with
	}
	return enumerate(d.verbs, 4) + " " + with
}

// shortVerbs says "read" for what reads, "write" where all that writes is there, and "*" for whatever has it.
func shortVerbs(verbs []string) (short []string) {
	var others []string
	reads, writes := false, 0
	for _, verb := range verbs {
		switch verb {
		case "*":
			return []string{"*"}
		case "get", "list", "watch":
			reads = true
		case "create", "update", "patch", "delete":
			writes++
			others = append(others, verb)
		default:
			others = append(others, verb)
		}
	}
	if writes == 4 {
		others = slices.DeleteFunc(others, func(verb string) bool {
			return slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, verb)
		})
		others = append([]string{"write"}, others...)
	}
	if reads {
		others = append([]string{"read"}, others...)
	}
	return others
}
