package kops

import (
	"regexp"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsNode = review.Rule{
	ID: "kops-node", Level: review.Warning, Guidelines: []string{"G2", "G17", "G30"},
	Summary: "Nodes have public addresses, or lose their guards when they start",
	Kinds:   []string{cluster, instanceGroup},
	Check:   checkKopsNode,
}

// disarming finds commands that switch SELinux or AppArmor off.
var disarming = regexp.MustCompile(`(?m)\bsetenforce\s+(0|[Pp]ermissive)\b|\bselinux=0\b|\bapparmor=0\b|^\s*SELINUX=(disabled|permissive)\b|systemctl\s+(disable|stop|mask)\s+(--now\s+)?apparmor`)

func checkKopsNode(p *review.Pass) {
	if at := spec(p).Get("associatePublicIp"); at.True() && role(p) != "Bastion" {
		p.Report(at, "the machines of group %s have public addresses", p.Object.Name).
			Detail("What listens on them can be reached from the internet as soon as one security group is too wide.").
			Fix("Give them none", review.Set(at, false)).Unsafe()
	}
	for _, at := range open(spec(p).Get("nodePortAccess")) {
		p.Report(at, "cluster %s lets %s reach the node ports of its machines", p.Object.Name, at.Text()).
			Detail("Every Service of the types NodePort and LoadBalancer then answers on every machine, past the load balancer and its limits.").
			Fix("Take it from the list", review.Remove(at)).Unsafe()
	}
	for _, script := range scripts(p) {
		if found := disarming.FindString(script.Text()); found != "" {
			p.Report(script, "%s %s switches a guard of the kernel off", p.Object.Kind, p.Object.Name).Part(found).
				Detail("SELinux and AppArmor are what holds a container that has broken out. They are off for every pod on these machines.")
		}
	}
	for _, kubelet := range append(kubelets(p), spec(p).Get("kubeAPIServer")) {
		if at := kubelet.Get("featureGates", "AllAlpha"); at.Text() == "true" {
			p.Report(at, "%s %s switches every alpha feature on", p.Object.Kind, p.Object.Name).
				Detail("Alpha features are unfinished, some of them weaken guards, and they change or go from one version to the next.").
				Fix("Switch on what is needed by name", review.Remove(at)).Unsafe()
		}
	}
}

// scripts are the texts that machines run when they start.
func scripts(p *review.Pass) []manifests.Field {
	var found []manifests.Field
	for _, part := range spec(p).Get("additionalUserData").Items() {
		found = append(found, part.Get("content"))
	}
	for _, hook := range spec(p).Get("hooks").Items() {
		found = append(found, hook.Get("manifest"))
	}
	for _, asset := range spec(p).Get("fileAssets").Items() {
		found = append(found, asset.Get("content"))
	}
	return found
}
