package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsSSHAccess = review.Rule{
	ID: "kops-ssh-access", Level: review.Error, Guidelines: []string{"G17", "G20"},
	Summary: "The nodes of a cluster can be reached by SSH from everywhere",
	Kinds:   []string{cluster},
	Check:   checkKopsSSHAccess,
}

func checkKopsSSHAccess(p *review.Pass) {
	accessRule(p, spec(p).Get("sshAccess"), "its nodes by SSH",
		"One key that leaks, or one flaw in the SSH server, and somebody on the internet is on the machines that run everything.")
}
