package pod

import (
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var sshInContainer = review.Rule{
	ID: "ssh-in-container", Level: review.Warning, Guidelines: []string{"G20"},
	Summary: "A container serves SSH",
	Kinds:   []string{review.Workloads},
	Check:   checkSSHInContainer,
}

func checkSSHInContainer(p *review.Pass) {
	const detail = "A login beside the API server's: its keys and passwords are managed by nobody, and what is done through it appears in no audit log. kubectl exec asks who one is and writes it down."
	for _, c := range p.Pod.Containers {
		for _, port := range c.Get("ports").Items() {
			field := port.Get("containerPort")
			if n, ok := field.Int(); ok && n == 22 && port.Get("protocol").Text() != "UDP" {
				p.Report(field, "%s serves SSH on port 22", c.Title()).Detail(detail)
			}
		}
		for _, i := range invocations(c) {
			if startsSSHD(i) {
				p.Report(i.at, "%s starts an SSH server", c.Title()).Detail(detail)
				break
			}
		}
	}
}

// startsSSHD reports whether a program is an SSH server, or starts one as a service.
func startsSSHD(i invocation) bool {
	line := " " + strings.Join(i.words, " ") + " "
	switch program := i.program(); program {
	case "sshd", "dropbear":
		return true
	case "service", "rc-service", "systemctl", "ssh", "ssh.sh":
		isService := program != "ssh" || path.Dir(i.words[0]) == "/etc/init.d"
		return isService && strings.Contains(line, "ssh") && strings.Contains(line, " start ")
	}
	return false
}
