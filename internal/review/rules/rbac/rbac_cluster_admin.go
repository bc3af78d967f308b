package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var clusterAdmin = review.Rule{
	ID: "rbac-cluster-admin", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A binding gives the role cluster-admin",
	Kinds:   onBindings(),
	Check:   checkClusterAdmin,
}

func checkClusterAdmin(p *review.Pass) {
	b := bindingOf(p.Object, p.Root, p.Root.Namespace(p.Object))
	if b.role.kind != "ClusterRole" || b.role.name != "cluster-admin" {
		return
	}
	var who []string
	for _, s := range b.subjects {
		if !isDefault(p.Object, s.subject) {
			who = append(who, s.String())
		}
	}
	if len(who) == 0 {
		return
	}
	of := "the cluster"
	if p.Object.Kind == "RoleBinding" {
		of = "its namespace"
	}
	d := p.Report(p.Object.Field().Get("roleRef", "name"), "%s %s makes %s administrator of %s", p.Object.Kind, p.Object.Name, enumerate(who, maxNamed), of).
		Detail("The role allows every verb on every resource, and no policy that RBAC could express holds its holder. What an application really asks for is in the API server's audit log: audit2rbac makes a role of it.")
	for _, s := range b.subjects {
		d.Related(s.at)
	}
}
