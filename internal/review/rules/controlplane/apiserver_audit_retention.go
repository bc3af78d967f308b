package controlplane

import (
	"strconv"

	"github.com/landwaiter/landwaiter/internal/review"
)

var apiserverAuditRetention = review.Rule{
	ID: "apiserver-audit-retention", Level: review.Warning, Guidelines: []string{"G25"},
	Summary:   "Audit logs are kept for too short a time, or without bounds",
	Params:    func() any { return &retention{MaxAge: 30, MaxBackup: 10, MaxSize: 100} },
	CheckRoot: checkAuditRetention,
}

// retention says how much of the audit log has to be kept at least: days, files, and megabytes a file.
type retention struct {
	MaxAge    int `yaml:"maxAge"`
	MaxBackup int `yaml:"maxBackup"`
	MaxSize   int `yaml:"maxSize"`
}

func checkAuditRetention(p *review.Pass) {
	least := review.Params[retention](p)
	for _, c := range of(p, apiServer) {
		if path := c.value("audit-log-path"); path == "" || path == "-" {
			continue // there is no file, or who collects the output keeps it
		}
		reportMissing(p, c, []string{"audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize"}, "audit logs are kept without bounds",
			"They fill the disk that the API server, and often etcd, live on.")
		for name, minimum := range map[string]int{"audit-log-maxage": least.MaxAge, "audit-log-maxbackup": least.MaxBackup, "audit-log-maxsize": least.MaxSize} {
			checkRetained(p, c, name, minimum)
		}
	}
}

func checkRetained(p *review.Pass, c component, name string, minimum int) {
	f, written := c.get(name)
	n, err := strconv.Atoi(f.value)
	if !written || err != nil || n >= minimum || n <= 0 {
		return
	}
	d := f.at.report(p, "too little of the audit log is kept: %s, at least %d", f.shown(), minimum).
		Detail("What happened some weeks ago can then not be found out any more, and intrusions are often found later than that.")
	if f.set != nil {
		d.Fix("Keep more", f.set(minimum)...).Unsafe()
	}
}
