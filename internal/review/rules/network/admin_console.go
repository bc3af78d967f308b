package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// consoleSetting is a setting that opens a console, and what it means.
type consoleSetting struct {
	name  string
	value string // in lower case; "" for any that is not false
	says  string
}

// consoleVariables are environment variables.
var consoleVariables = []consoleSetting{
	{"GF_AUTH_ANONYMOUS_ENABLED", "true", "lets everybody into Grafana without a sign-in"},
	{"GF_USERS_ALLOW_SIGN_UP", "true", "lets everybody make an account in Grafana"},
	{"ARGOCD_SERVER_DISABLE_AUTH", "true", "lets everybody into Argo CD without a sign-in"},
	{"REGISTRATION_MODE", "enabled", "lets everybody make an account in Deis Workflow, the first of which rules it"},
}

// consoleFlags are flags, without the dashes, of the programs that image names end in.
var consoleFlags = []struct {
	consoleSetting
	images []string
}{
	{consoleSetting{"disable-auth", "", "lets everybody into Argo CD without a sign-in"}, []string{"argocd", "argocd-server"}},
	{consoleSetting{"auth-mode", "server", "lets everybody into Argo Workflows with its own rights"}, []string{"argocli", "argo-server"}},
	{consoleSetting{"api.insecure", "", "opens Traefik's dashboard and API to everybody"}, []string{"traefik"}},
}

// consoleKeys are keys of ConfigMaps.
var consoleKeys = []struct {
	consoleSetting
	object string // the end of the ConfigMap's name
}{
	{consoleSetting{"users.anonymous.enabled", "true", "lets everybody into Argo CD without a sign-in"}, "argocd-cm"},
	{consoleSetting{"server.disable.auth", "true", "lets everybody into Argo CD without a sign-in"}, "argocd-cmd-params-cm"},
}

func (s consoleSetting) opens(value string) bool {
	value = strings.ToLower(strings.TrimSpace(value))
	return s.value == value || s.value == "" && value != "false"
}

// consoleLine is a setting in a text.
type consoleLine struct {
	line int
	says string
}

// openGrafana reads grafana.ini: sections in brackets, and keys with values behind "=".
func openGrafana(text string) (found []consoleLine) {
	section := ""
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = strings.Trim(line, "[]")
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		if strings.HasPrefix(line, ";") || strings.HasPrefix(line, "#") || !strings.EqualFold(strings.TrimSpace(value), "true") {
			continue
		}
		switch section + "/" + strings.TrimSpace(key) {
		case "auth.anonymous/enabled":
			found = append(found, consoleLine{n + 1, consoleVariables[0].says})
		case "users/allow_sign_up":
			found = append(found, consoleLine{n + 1, consoleVariables[1].says})
		}
	}
	return found
}

const (
	jenkinsUnsecured = "lets everybody do everything in Jenkins"
	jenkinsSignUp    = "lets everybody make an account in Jenkins"
)

// openDocument reads the YAML by which Jenkins (configuration as code) and Kiali are set up, and scripts of Jenkins.
func openDocument(text string) (found []consoleLine) {
	if strings.Contains(text, "AuthorizationStrategy.") || strings.Contains(text, "HudsonPrivateSecurityRealm(") {
		return openGroovy(text)
	}
	if !strings.Contains(text, "jenkins:") && !strings.Contains(text, "strategy:") {
		return nil
	}
	node, err := manifests.ParseYAML([]byte(text))
	if err != nil {
		return nil
	}
	root := manifests.NewField(node, "")
	strategy := root.Get("jenkins", "authorizationStrategy")
	kiali := root.Get("auth", "strategy")
	for _, open := range []struct {
		at   manifests.Field
		when bool
		says string
	}{
		{strategy, strategy.Text() == "unsecured" || strategy.Get("unsecured").Exists(), jenkinsUnsecured},
		{root.Get("jenkins", "securityRealm", "local", "allowsSignup"), root.Get("jenkins", "securityRealm", "local", "allowsSignup").True(), jenkinsSignUp},
		{kiali, kiali.Text() == "anonymous" && root.Get("deployment").Exists(), "lets everybody into Kiali without a sign-in"},
	} {
		if open.when {
			found = append(found, consoleLine{open.at.Node().Line, open.says})
		}
	}
	return found
}

// consoleServices are the services of consoles, by their own names; a release's name may stand before them.
var consoleServices = []string{"argocd-server", "argo-cd-server", "grafana", "jenkins", "deis-controller", "argo-workflows-server", "argo-server", "kiali"}

func isConsole(service string) bool {
	return slices.ContainsFunc(consoleServices, func(name string) bool { return service == name || strings.HasSuffix(service, "-"+name) })
}

// isGuarded reports whether an Ingress asks for a known address, a client's certificate or a sign-in before it lets through,
// or is not reached from outside.
func isGuarded(o *manifests.Object) bool {
	class := ingressClass(o)
	if strings.Contains(class, "internal") || strings.Contains(class, "private") || class == "tailscale" ||
		class == "alb" && annotation(o, "alb.ingress.kubernetes.io/scheme").Text() != "internet-facing" {
		return true
	}
	for _, e := range o.Field().Get("metadata", "annotations").Entries() {
		_, name, _ := strings.Cut(e.Key, "/")
		for _, word := range []string{"auth-", "auth.", "whitelist", "allowlist", "allow-list", "middlewares", "inbound-cidrs", "snippet", "denylist"} {
			if strings.Contains(name, word) && e.Value.Text() != "" {
				return true
			}
		}
	}
	return false
}
