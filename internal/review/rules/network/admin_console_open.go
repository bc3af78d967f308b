package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var adminConsoleOpen = review.Rule{
	ID: "admin-console-open", Level: review.Error, Guidelines: []string{"G11"},
	Summary: "An admin console lets everybody in, or can be reached from every address",
	Kinds: []string{review.Workloads, "ConfigMap", "Secret", "Service", "Ingress", "HTTPRoute.gateway.networking.k8s.io", "IngressRoute", "HTTPProxy",
		"Route.route.openshift.io", "Kiali.kiali.io", "Grafana.grafana.integreatly.org", "ArgoCD.argoproj.io"},
	Covers: []string{"service-load-balancer"},
	Check:  checkAdminConsoleOpen,
}

const consoleDetail = "Whoever reaches it can see, and mostly change, what runs in the cluster."

func checkAdminConsoleOpen(p *review.Pass) {
	switch o := p.Object; {
	case p.Pod != nil:
		for _, c := range p.Pod.Containers {
			checkConsoleVariables(p, c)
			checkConsoleFlags(p, c)
		}
	case o.Kind == "ConfigMap" || o.Kind == "Secret":
		checkConsoleTexts(p)
	case isService(o):
		checkDeisService(p)
		checkConsoleBalancer(p)
	case consoleFields[o.Kind] != nil:
		checkConsoleObject(p)
	default:
		checkConsoleWay(p)
	}
}

// consoleFields are the fields of operators' objects that open a console, with the value that does.
var consoleFields = map[string][]struct {
	keys        []string
	value, says string
}{
	"Kiali":  {{[]string{"spec", "auth", "strategy"}, "anonymous", "lets everybody into Kiali without a sign-in"}},
	"ArgoCD": {{[]string{"spec", "usersAnonymousEnabled"}, "true", consoleKeys[0].says}},
	"Grafana": {
		{[]string{"spec", "config", "auth.anonymous", "enabled"}, "true", consoleVariables[0].says},
		{[]string{"spec", "config", "users", "allow_sign_up"}, "true", consoleVariables[1].says},
	},
}

func checkConsoleObject(p *review.Pass) {
	for _, open := range consoleFields[p.Object.Kind] {
		if at := p.Object.Field().Get(open.keys...); at.Text() == open.value {
			p.Report(at, "%s %s", p.Object.Name, open.says).Detail(consoleDetail)
		}
	}
}

func checkConsoleVariables(p *review.Pass, c review.Container) {
	registration := false
	for _, e := range c.Get("env").Items() {
		name, value := e.Get("name").Text(), e.Get("value")
		registration = registration || name == "REGISTRATION_MODE"
		for _, s := range consoleVariables {
			if s.name == name && s.opens(value.Text()) {
				d := p.Report(value, "%s %s", c.Title(), s.says).Detail(consoleDetail)
				if name == "REGISTRATION_MODE" {
					d.Fix("only administrators make accounts", review.Set(value, "admin_only")).Unsafe()
				} else {
					d.Fix("switch it off", review.Set(value, "false")).Unsafe()
				}
			}
		}
	}
	if !registration && isDeisController(c) && len(c.Get("envFrom").Items()) == 0 {
		p.Report(c.Get("env"), "%s lets everybody make an account in Deis Workflow: REGISTRATION_MODE is not set", c.Title()).Detail(consoleDetail)
	}
}

func isDeisController(c review.Container) bool {
	ref, err := c.Reference()
	if err != nil {
		return false
	}
	name := ref.Name()
	return strings.HasSuffix(name, "deis/controller") || strings.HasSuffix(name, "hephy/controller") || strings.HasSuffix(name, "teamhephy/controller")
}

func checkConsoleFlags(p *review.Pass, c review.Container) {
	words := slices.Concat(c.Get("command").Items(), c.Get("args").Items())
	for i, word := range words {
		if !strings.HasPrefix(word.Text(), "-") {
			continue
		}
		flag, value, joined := strings.Cut(strings.TrimLeft(word.Text(), "-"), "=")
		for _, s := range consoleFlags {
			if s.name != flag || !slices.Contains(s.images, imageName(c)) {
				continue
			}
			if s.value != "" && !joined && i+1 < len(words) {
				value = words[i+1].Text()
			}
			if s.opens(value) {
				p.Report(word, "%s %s", c.Title(), s.says).Detail(consoleDetail)
			}
		}
	}
}

func checkConsoleTexts(p *review.Pass) {
	for t := range configTexts(p.Object) {
		for _, s := range consoleKeys {
			if t.key == s.name && s.opens(t.text) && strings.HasSuffix(p.Object.Name, s.object) {
				p.Report(t.at, "%s %s", t.key, s.says).Detail(consoleDetail).Fix("switch it off", review.Set(t.at, "false")).Unsafe()
			}
		}
		for _, s := range consoleVariables {
			if t.key == s.name && s.opens(t.text) && (s.name != "REGISTRATION_MODE" || strings.Contains(p.Object.Name, "deis")) {
				p.Report(t.at, "%s %s", t.key, s.says).Detail(consoleDetail)
			}
		}
		var found []consoleLine
		switch {
		case strings.HasSuffix(t.key, "grafana.ini"):
			found = openGrafana(t.text)
		case strings.HasSuffix(t.key, "config.xml"):
			found = openJenkins(t.text)
		default:
			found = openDocument(t.text)
		}
		for _, open := range found {
			t.report(p, open.line, "%s %s", t.key, open.says).Detail(consoleDetail)
		}
	}
}

// checkDeisService reports the service of Deis Workflow's controller without a list of addresses.
func checkDeisService(p *review.Pass) {
	at := annotation(p.Object, "router.deis.io/whitelist")
	routable := p.Object.Field().Get("metadata", "labels", "router.deis.io/routable").Text() == "true"
	if at.Text() == "" && p.Object.Name == "deis-controller" && routable {
		p.Report(at, "the controller of Deis Workflow is routed to from every address").Lower(review.Warning).
			Detail("The annotation router.deis.io/whitelist has the router let only the addresses through that people work from.")
	}
}

const wayDetail = "The console's own sign-in is all that stands before the cluster. Let only the addresses through that people work from, or have a proxy sign them in before."

// checkConsoleBalancer reports a console with a load balancer of its own that takes connections from every address.
func checkConsoleBalancer(p *review.Pass) {
	o := p.Object
	if isBalancer(o) && isConsole(o.Name) && !isInternal(p, o) && !isLimited(o) {
		p.Report(o.Field().Get("spec", "type"), "service %s opens the console to every address", o.Name).Lower(review.Warning).Detail(wayDetail)
	}
}

// checkConsoleWay reports an Ingress or a route that leads from every address to a console.
func checkConsoleWay(p *review.Pass) {
	var services []manifests.Field
	switch o := p.Object; {
	case isIngress(o):
		services = backends(o)
		if isGuarded(o) || onlyPrivateHosts(o) {
			return
		}
	case o.Kind != "Ingress":
		services = routeServices(o)
		if routeGuarded(p) {
			return
		}
	}
	for _, f := range services {
		if isConsole(f.Text()) {
			p.Report(f, "%s %s leads from every address to %s", strings.ToLower(p.Object.Kind), p.Object.Name, f.Text()).Named().Lower(review.Warning).Detail(wayDetail)
			return
		}
	}
}

// onlyPrivateHosts reports whether all hosts of an Ingress are names that the internet does not know.
func onlyPrivateHosts(o *manifests.Object) bool {
	all := routes(o)
	return len(all) > 0 && !slices.ContainsFunc(all, func(r route) bool { return r.host == "" || !isPrivateName(r.host) })
}
