package gitops

import "github.com/landwaiter/landwaiter/internal/review"

var argoDefaultProject = review.Rule{
	ID: "argo-default-project", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "An application is in Argo CD's default project, which allows everything",
	Kinds:   []string{"Application." + argo, "ApplicationSet." + argo},
	Check:   checkArgoDefaultProject,
}

func checkArgoDefaultProject(p *review.Pass) {
	project := specOf(p.Object).Get("project")
	if name := project.Text(); name != "" && name != "default" {
		return
	}
	if fenced(p) {
		return
	}
	// Without its name, so that those of one template are one finding.
	p.Report(project, "the application is in the project default").
		Detail("Unless somebody changed it, that project takes manifests from every repository to every namespace of every cluster, with every kind in them. What this application may do is not bounded by anything.")
}

// fenced reports whether the repository has a project "default" of its own that allows less than the one that Argo CD
// makes.
func fenced(p *review.Pass) bool {
	for _, project := range append(p.Root.OfKind("AppProject"), p.Index.OfKind("AppProject")...) {
		if project.Name != "default" || project.Group() != argo {
			continue
		}
		for _, repo := range project.Field().Get("spec", "sourceRepos").Items() {
			if repo.Text() == "*" {
				return false
			}
		}
		return true
	}
	return false
}
