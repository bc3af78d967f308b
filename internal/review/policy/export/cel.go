package export

import (
	"strconv"
	"strings"
)

// The grammar of references as images.ParseReference has it: what both the distribution project and registry clients read
// alike. It is in the syntax of RE2, which CEL's matches and find take.
const (
	label  = `[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?`
	port   = `:(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])`
	host   = `(?:localhost|` + label + `(?:` + port + `|(?:\.` + label + `)+(?:` + port + `)?)|\[[0-9a-fA-F:]+\](?:` + port + `)?)`
	part   = `[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*`
	plain  = `[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*` // a first segment that is no host
	digest = `sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}`

	grammar = `^(?:` + host + `/` + part + `(?:/` + part + `)*|` + plain + `(?:/` + part + `)+|` + part + `)(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(?:@(?:` + digest + `))?$`

	bare   = `^(?:[0-9a-f]{64}|` + digest + `)$` // a digest without a repository
	number = `(?:[0-9]+|0[xobXOB][0-9a-fA-F]*)`
	// hosts that only some resolvers take for addresses
	numeric = `^(?:[^/]*\.` + number + `(?:` + `:[0-9]+)?|` + number + `:[0-9]+)/`
	octet   = `(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`
	ipv4    = `^(?:` + octet + `\.){3}` + octet + `(?::[0-9]+)?/`

	hostOf = `^(?:[^/]*[.:][^/]*|localhost)/`
	nameOf = `^(?:[^/]+/)*[^/:@]+`
)

// group is a group of an IPv6 address.
const group = `[0-9a-fA-F]{1,4}`

// ipv6 is an address in brackets, as netip.ParseAddr reads it.
func ipv6() string {
	forms := []string{`(?:` + group + `:){7}` + group, `(?:` + group + `:){1,7}:`, `:(?::` + group + `){1,7}`, `::`}
	for i := 1; i <= 6; i++ {
		forms = append(forms, `(?:`+group+`:){1,`+strconv.Itoa(7-i)+`}(?::`+group+`){1,`+strconv.Itoa(i)+`}`)
	}
	return `^\[(?:` + strings.Join(forms, "|") + `)\]`
}

// mapped is an IPv4 address in the form of IPv6.
const mapped = `(?i)^\[(?:[0:]*::[0:]*ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}|(?:0{1,4}:){5}ffff:.*)\]`

// literal writes a string of CEL, raw where that can be.
func literal(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '\'' || r == 0x7f }) {
		return strconv.Quote(s)
	}
	if strings.Contains(s, `\`) {
		return "r'" + s + "'"
	}
	return "'" + s + "'"
}

// podSpec is where an object of podResources has its pod.
func podSpec(object string) string {
	return "request.kind.kind == 'Pod' ? " + object + ".spec :\n" +
		"request.kind.kind == 'PodTemplate' ? " + object + ".template.spec :\n" +
		"request.kind.kind == 'CronJob' ? " + object + ".spec.jobTemplate.spec.template.spec :\n" +
		object + ".spec.template.spec"
}

// imagesOf lists the images of a pod with who uses them: {title, image}.
func imagesOf(spec string) string {
	containers := func(key, title string) string {
		return "(has(" + spec + "." + key + ") ? " + spec + "." + key + ".map(c, {'title': " + title + " + c.name, 'image': has(c.image) ? string(c.image) : ''}) : [])"
	}
	return containers("containers", "'container '") + " +\n" +
		containers("initContainers", "(has(c.restartPolicy) && c.restartPolicy == 'Always' ? 'sidecar ' : 'init container ')") + " +\n" +
		containers("ephemeralContainers", "'ephemeral container '") + " +\n" +
		"(has(" + spec + ".volumes) ? " + spec + ".volumes.filter(v, has(v.image)).map(v, {'title': 'volume ' + v.name, 'image': has(v.image.reference) ? string(v.image.reference) : ''}) : [])"
}

// variables find the images of an object and their names in the one normal form.
func variables() []named {
	return append([]named{
		{"pod", podSpec("object")},
		{"before", "request.operation != 'UPDATE' ? {} :\n" + podSpec("oldObject")},
		{"known", "(" + imagesOf("variables.before") + "\n).map(i, i.image)"},
		{"images", "(" + imagesOf("variables.pod") + "\n)\n" +
			"// An absent name is refused by Kubernetes itself, and what was there before is not judged again. Istio's \"auto\" is\n" +
			"// filled in before a pod is admitted.\n" +
			".filter(i, i.image != '' && !(i.image in variables.known) && !(i.image == 'auto' && request.kind.kind != 'Pod'))"},
	}, names()...)
}

// names are the variables that fold the names of variables.images: {title, image, name, rest}, with the tag and digest in
// rest. What is not there cannot be read.
func names() []named {
	readable := "i.image.size() <= 1024 && i.image.matches(" + literal(grammar) + ")\n" +
		"  && !i.image.matches(" + literal(bare) + ")\n" +
		"  && (!i.image.matches(" + literal(numeric) + ") || i.image.matches(" + literal(ipv4) + "))\n" +
		"  && (!i.image.startsWith('[') || i.image.matches(" + literal(ipv6()) + ") && !i.image.matches(" + literal(mapped) + "))"
	hub := "['', 'docker.io/', 'index.docker.io/', 'registry-1.docker.io/', 'registry.hub.docker.com/']"
	return []named{
		{"readable", "variables.images.filter(i, " + readable + ")"},
		{"parts", "variables.readable\n" +
			"  .map(i, {'title': string(i.title), 'image': string(i.image), 'host': string(i.image).find(" + literal(hostOf) + "), 'name': string(i.image).find(" + literal(nameOf) + ")})\n" +
			"  .map(i, {'title': i.title, 'image': i.image, 'host': i.host.lowerAscii().replace(':443/', '/'), 'path': i.name.substring(i.host.size()), 'rest': i.image.substring(i.name.size())})"},
		{"names", "variables.parts\n" +
			"  .map(i, {'title': string(i.title), 'image': string(i.image), 'rest': string(i.rest), 'host': i.host in " + hub + " ? 'docker.io/' : string(i.host),\n" +
			"    'path': i.host in " + hub + " && !i.path.contains('/') ? 'library/' + i.path : string(i.path)})\n" +
			"  .filter(i, i.path.size() <= 255)\n" +
			"  .map(i, {'title': i.title, 'image': i.image, 'rest': i.rest, 'name': i.host + i.path})"},
	}
}
