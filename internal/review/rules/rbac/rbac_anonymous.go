package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var anonymous = review.Rule{
	ID: "rbac-anonymous", Level: review.Error, Guidelines: []string{"G7", "G22"},
	Summary: "A binding gives rights to whoever reaches the API server",
	Kinds:   onBindings(),
	Check:   checkAnonymous,
}

func checkAnonymous(p *review.Pass) {
	for _, s := range bindingOf(p.Object, p.Root, p.Root.Namespace(p.Object)).subjects {
		if (s.subject != subject{"User", "", "system:anonymous"} && s.subject != subject{"Group", "", "system:unauthenticated"}) ||
			isDefault(p.Object, s.subject) {
			continue
		}
		p.Report(s.at.Get("name"), "%s %s gives %s to everybody, without signing in", p.Object.Kind, p.Object.Name, roleTitle(p.Object)).
			Detail("Requests without a credential count as %s. Whoever reaches the API server's port has what the role allows, which is the whole internet where the port is open to it.", s.name).
			Related(p.Object.Field().Get("roleRef", "name")).
			Fix("Remove the subject", review.Remove(s.at)).Unsafe()
	}
}
