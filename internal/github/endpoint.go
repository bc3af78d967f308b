package github

import (
	"strings"
)

// endpoints are all that this package ever asks GitHub, as GitHub's documentation writes them. {name} stands for one
// segment of a path, {name+} for one or more. They are the labels of metrics: names of repositories and people would
// be too many, and nobody's business.
var endpoints = []string{
	"/app",
	"/app/hook/deliveries",
	"/app/hook/deliveries/{delivery_id}/attempts",
	"/app/installations",
	"/app/installations/{installation_id}/access_tokens",
	"/app-manifests/{code}/conversions",
	"/graphql",
	"/installation/repositories",
	"/orgs/{org}/attestations/{subject_digest}",
	"/orgs/{org}/teams/{team_slug}/memberships/{username}",
	"/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}",
	"/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts",
	"/repos/{owner}/{repo}/check-runs",
	"/repos/{owner}/{repo}/check-runs/{check_run_id}",
	"/repos/{owner}/{repo}/collaborators/{username}/permission",
	"/repos/{owner}/{repo}/commits/{ref}/check-runs",
	"/repos/{owner}/{repo}/contents/{path+}",
	"/repos/{owner}/{repo}/git/blobs",
	"/repos/{owner}/{repo}/git/commits",
	"/repos/{owner}/{repo}/git/commits/{commit_sha}",
	"/repos/{owner}/{repo}/git/refs",
	"/repos/{owner}/{repo}/git/refs/{ref+}",
	"/repos/{owner}/{repo}/git/trees",
	"/repos/{owner}/{repo}/issues/{issue_number}/comments",
	"/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
	"/repos/{owner}/{repo}/pulls",
	"/repos/{owner}/{repo}/pulls/{pull_number}",
	"/repos/{owner}/{repo}/pulls/{pull_number}/comments",
	"/repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies",
	"/repos/{owner}/{repo}/pulls/{pull_number}/reviews",
	"/repos/{owner}/{repo}/pulls/comments/{comment_id}",
	"/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions",
	"/users/{username}/attestations/{subject_digest}",
}

// endpoint names the endpoint of a path, without what an Enterprise Server puts before it; "other" when it is none.
// Where GitHub redirected to, by a repository's number, is "other" too.
func endpoint(path string) string {
	for _, prefix := range []string{"/api/v3", "/api"} {
		if rest, ok := strings.CutPrefix(path, prefix+"/"); ok {
			path = "/" + rest
			break
		}
	}
	segments := strings.Split(path, "/")
	for _, template := range endpoints {
		if fits(strings.Split(template, "/"), segments) {
			return template
		}
	}
	return "other"
}

func fits(template, segments []string) bool {
	for i, part := range template {
		switch {
		case i >= len(segments):
			return false
		case strings.HasSuffix(part, "+}"):
			return segments[i] != ""
		case strings.HasPrefix(part, "{"):
			if segments[i] == "" {
				return false
			}
		case part != segments[i]:
			return false
		}
	}
	return len(template) == len(segments)
}
