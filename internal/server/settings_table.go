package server

import (
	"cmp"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// setting is one row of the table of settings: how it is called, what it is by default, and how its text is read.
type setting struct {
	name     string // in the file: github.url
	variable string // of the environment
	standard string // default, as it would be written; "" for none
	shown    string // the default as the documentation has it, where that is other than standard
	secret   bool   // a file may hold it: nameFile, variable_FILE
	list     bool   // in the file it may be a list; one text holds its parts separated by commas
	doc      string
	set      func(s *Settings, text string) error
}

// table holds every setting, in the order of the documentation.
func table() []setting {
	return append(append(identity(), keeping()...), telling()...)
}

// identity are the settings that say who we are, and where.
func identity() []setting {
	return []setting{
		{name: "listen", variable: "LANDWAITER_LISTEN", standard: ":8080", doc: "Address and port to listen on.",
			set: func(s *Settings, text string) error { return address(&s.Listen, text) }},
		{name: "publicURL", variable: "LANDWAITER_PUBLIC_URL", doc: "Where people and GitHub reach the server, for links and for `/setup`.",
			set: func(s *Settings, text string) error { return site(&s.PublicURL, text) }},
		{name: "github.url", variable: "LANDWAITER_GITHUB_URL", standard: "https://github.com",
			doc: "The GitHub to serve. Another host is GitHub Enterprise Server; plain HTTP only on loopback.",
			set: func(s *Settings, text string) error { return origin(&s.GitHub.URL, text) }},
		{name: "github.appID", variable: "LANDWAITER_APP_ID", doc: "The App's number. Without it the App that `/setup` made is used.",
			set: func(s *Settings, text string) error { return number(&s.GitHub.AppID, text, 1, 1<<62) }},
		{name: "github.privateKey", variable: "LANDWAITER_PRIVATE_KEY", secret: true, doc: "The App's private key, PEM.",
			set: func(s *Settings, text string) error { return privateKey(&s.GitHub.PrivateKey, text) }},
		{name: "github.webhookSecrets", variable: "LANDWAITER_WEBHOOK_SECRETS", secret: true, list: true,
			doc: "One or more webhook secrets, separated by commas. A delivery signed with any of them is accepted, so that a secret can be changed without a gap.",
			set: func(s *Settings, text string) error { return secrets(&s.GitHub.WebhookSecrets, text) }},
		{name: "caFile", variable: "LANDWAITER_CA_FILE",
			doc: "PEM file with the certificate authorities of your GitHub or proxy. They are added to the system's; Git uses only those of the file.",
			set: func(s *Settings, text string) error { s.CAFile = text; return nil }},
	}
}

// keeping are the settings of what is kept, and of the work.
func keeping() []setting {
	return []setting{
		{name: "database", variable: "LANDWAITER_DATABASE", secret: true, shown: "`sqlite:` and `landwaiter.db` in the data directory",
			doc: "`sqlite:FILE` for one replica, `postgres://…` for several.",
			set: func(s *Settings, text string) error { return database(&s.Database, text) }},
		{name: "data", variable: "LANDWAITER_DATA", standard: "data", doc: "Directory for everything that is kept on disk.",
			set: func(s *Settings, text string) error { s.Data = text; return nil }},
		{name: "policy", variable: "LANDWAITER_POLICY", doc: "A policy file under every repository's own.",
			set: func(s *Settings, text string) error { s.Policy = text; return nil }},
		{name: "workers", variable: "LANDWAITER_WORKERS", shown: "number of processors", doc: "Reviews at a time, 1 to 256.",
			set: func(s *Settings, text string) error { return number(&s.Workers, text, 1, workersMost) }},
		{name: "cache.mirrors", variable: "LANDWAITER_CACHE_MIRRORS", standard: "10GiB", doc: "Disk for copies of repositories. Those used least recently go first; one in use never goes.",
			set: func(s *Settings, text string) error { return size(&s.Cache.Mirrors, text) }},
		{name: "cache.mirrorAge", variable: "LANDWAITER_CACHE_MIRROR_AGE", standard: "30d", doc: "How long a copy stays that is not used.",
			set: func(s *Settings, text string) error { return duration(&s.Cache.MirrorAge, text) }},
		{name: "cache.maxFetch", variable: "LANDWAITER_CACHE_MAX_FETCH", standard: "2GiB", doc: "What one fetch may bring. A push of more fails the check with the reason.",
			set: func(s *Settings, text string) error { return size(&s.Cache.MaxFetch, text) }},
		{name: "cache.renderings", variable: "LANDWAITER_CACHE_RENDERINGS", standard: "2GiB", doc: "Disk for what was rendered.",
			set: func(s *Settings, text string) error { return size(&s.Cache.Renderings, text) }},
	}
}

// telling are the settings of what is told about the work, and the standard variables of others.
func telling() []setting {
	return []setting{
		{name: "metricsListen", variable: "LANDWAITER_METRICS_LISTEN", shown: "`/metrics` of the same listener",
			doc: "Address and port of a listener of its own for `/metrics`, which the first one then does not have.",
			set: func(s *Settings, text string) error { return address(&s.MetricsListen, text) }},
		{name: "log.level", variable: "LANDWAITER_LOG_LEVEL", standard: "info", doc: "`debug`, `info`, `warn` or `error`.",
			set: func(s *Settings, text string) error { return level(&s.Log.Level, text) }},
		{name: "log.format", variable: "LANDWAITER_LOG_FORMAT", standard: "text", doc: "`text` or `json`, one line an event, on standard error.",
			set: func(s *Settings, text string) error { return oneOf(&s.Log.Format, text, "text", "json") }},
		{variable: "HTTPS_PROXY", doc: "Proxy for GitHub and registries, for Git too. `https_proxy` is the same.",
			set: func(s *Settings, text string) error { s.Proxy.HTTPS = Secret(text); return nil }},
		{variable: "HTTP_PROXY", doc: "The same for plain HTTP. `http_proxy` is the same, and the one that Git knows.",
			set: func(s *Settings, text string) error { s.Proxy.HTTP = Secret(text); return nil }},
		{variable: "NO_PROXY", doc: "Hosts that are reached without a proxy. `no_proxy` is the same.",
			set: func(s *Settings, text string) error { s.Proxy.No = text; return nil }},
		{variable: "OTEL_EXPORTER_OTLP_ENDPOINT", shown: "no traces", doc: "OpenTelemetry collector for traces, OTLP over HTTP; `/v1/traces` is added. The other `OTEL_` variables count as usual.",
			set: func(s *Settings, text string) error { return collector(&s.Tracing.URL, trimURL(text)+"/v1/traces") }},
		{variable: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", doc: "The same for traces only, taken as it is.",
			set: func(s *Settings, text string) error { return collector(&s.Tracing.URL, text) }},
		{variable: "OTEL_SDK_DISABLED", doc: "`true`: no traces, whatever else is set.",
			set: func(s *Settings, text string) error { return unless(&s.Tracing.URL, text, "true") }},
		{variable: "OTEL_TRACES_EXPORTER", doc: "`none`: the same.",
			set: func(s *Settings, text string) error { return unless(&s.Tracing.URL, text, "none") }},
	}
}

// withDefaults returns the settings before anything is set.
func withDefaults() (s Settings, err error) {
	for _, row := range table() {
		if row.standard == "" {
			continue
		}
		if err := row.set(&s, row.standard); err != nil {
			return Settings{}, fmt.Errorf("the default of %s: %w", row.name, err)
		}
	}
	s.Workers = min(runtime.NumCPU(), workersMost)
	return s, nil
}

// SettingsTable returns the table of settings of the documentation, in Markdown.
func SettingsTable() string {
	var b strings.Builder
	b.WriteString("| setting | environment | default | |\n|---|---|---|---|\n")
	for _, row := range table() {
		name, variable := code(row.name), code(row.variable)
		if row.secret {
			name += ", " + code(row.name+"File")
			variable += ", " + code(row.variable+"_FILE")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, variable, cmp.Or(row.shown, code(row.standard)), row.doc)
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// workersMost is more reviews at a time than one machine can do.
const workersMost = 256

// day is what durations may be given in as well.
const day = 24 * time.Hour
