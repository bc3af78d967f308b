package githubtest

import "sync"

// What routes need; see call.permit.
const (
	checksRead, checksWrite     = "checks:read", "checks:write"
	contentsRead, contentsWrite = "contents:read", "contents:write"
	pullsRead, pullsWrite       = "pull_requests:read", "pull_requests:write"
	talkRead, talkWrite         = "issues,pull_requests:read", "issues,pull_requests:write"
	filesRead                   = "contents,pull_requests:read"
	membersRead, metadataRead   = "members:read", "metadata:read"
	attestationsRead            = "attestations:read"
)

// routes are all operations that the server answers. Paths are written as in GitHub's OpenAPI description, to which
// each is held.
var routes = sync.OnceValue(func() []route {
	var all []route
	for _, area := range [][]route{appRoutes(), peopleRoutes(), checkRoutes(), actionRoutes(), pullRoutes(), talkRoutes(), contentRoutes()} {
		all = append(all, area...)
	}
	return all
})

func appRoutes() []route {
	return []route{
		{"GET", "/app", 200, "app", (*call).getApp},
		{"GET", "/app/installations", 200, "app", (*call).listInstallations},
		{"GET", "/app/installations/{installation_id}", 200, "app", (*call).getInstallation},
		{"POST", "/app/installations/{installation_id}/access_tokens", 201, "app", (*call).createToken},
		{"GET", "/app/hook/deliveries", 200, "app", (*call).listDeliveries},
		{"GET", "/app/hook/deliveries/{delivery_id}", 200, "app", (*call).getDelivery},
		{"POST", "/app/hook/deliveries/{delivery_id}/attempts", 202, "app", (*call).redeliver},
		{"GET", "/repos/{owner}/{repo}/installation", 200, "app", (*call).getInstallationOf},
		{"GET", "/orgs/{org}/installation", 200, "app", (*call).getInstallationOf},
		{"GET", "/users/{username}/installation", 200, "app", (*call).getInstallationOf},
		{"GET", "/installation/repositories", 200, "installation", (*call).listInstallationRepositories},
		{"POST", "/app-manifests/{code}/conversions", 201, "", (*call).convertManifest},
		{"GET", "/apps/{app_slug}", 200, "", (*call).getAppBySlug},
		{"GET", "/rate_limit", 200, "", (*call).rateLimit},
	}
}

func peopleRoutes() []route {
	return []route{
		{"GET", "/user", 200, "", (*call).getSelf},
		{"GET", "/users/{username}", 200, "", (*call).getUser},
		{"GET", "/orgs/{org}", 200, "", (*call).getOrganization},
		{"GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", 200, metadataRead, (*call).getPermission},
		{"GET", "/orgs/{org}/teams/{team_slug}", 200, membersRead, (*call).getTeam},
		{"GET", "/orgs/{org}/teams/{team_slug}/members", 200, membersRead, (*call).listTeamMembers},
		{"GET", "/orgs/{org}/teams/{team_slug}/memberships/{username}", 200, membersRead, (*call).getTeamMembership},
		{"GET", "/orgs/{org}/members/{username}", 204, membersRead, (*call).checkMember},
		{"GET", "/orgs/{org}/attestations/{subject_digest}", 200, attestationsRead, (*call).listAttestations},
		{"GET", "/users/{username}/attestations/{subject_digest}", 200, attestationsRead, (*call).listAttestations},
	}
}

func checkRoutes() []route {
	return []route{
		{"POST", "/repos/{owner}/{repo}/check-runs", 201, checksWrite, (*call).createRun},
		{"GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}", 200, checksRead, (*call).getRun},
		{"PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}", 200, checksWrite, (*call).updateRun},
		{"GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", 200, checksRead, (*call).listAnnotations},
		{"POST", "/repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest", 201, checksWrite, (*call).rerequestRun},
		{"GET", "/repos/{owner}/{repo}/check-suites/{check_suite_id}", 200, checksRead, (*call).getSuite},
		{"GET", "/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs", 200, checksRead, (*call).listRuns},
		{"GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", 200, checksRead, (*call).listRuns},
		{"GET", "/repos/{owner}/{repo}/commits/{ref}/check-suites", 200, checksRead, (*call).listSuites},
		{"GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", 200, "statuses:read", (*call).listStatuses},
		{"POST", "/repos/{owner}/{repo}/statuses/{sha}", 201, "statuses:write", (*call).createStatus},
	}
}

func actionRoutes() []route {
	return []route{
		{"GET", "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts", 200, "actions:read", (*call).listArtifacts},
		{"GET", "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}", 302, "actions:read", (*call).downloadArtifact},
	}
}

func pullRoutes() []route {
	return []route{
		{"GET", "/repos/{owner}/{repo}/pulls", 200, pullsRead, (*call).listPulls},
		{"POST", "/repos/{owner}/{repo}/pulls", 201, pullsWrite, (*call).createPull},
		{"GET", "/repos/{owner}/{repo}/pulls/{pull_number}", 200, pullsRead, (*call).getPull},
		{"PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", 200, pullsWrite, (*call).editPull},
		{"GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", 200, pullsRead, (*call).listPullFiles},
		{"GET", "/repos/{owner}/{repo}/pulls/{pull_number}/commits", 200, pullsRead, (*call).listPullCommits},
		{"PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", 200, contentsWrite, (*call).mergePull},
		{"GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", 200, filesRead, (*call).listPullsOfCommit},
		{"GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", 200, pullsRead, (*call).listReviews},
		{"POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", 200, pullsWrite, (*call).createReview},
		{"GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments", 200, pullsRead, (*call).listReviewComments},
		{"POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/events", 200, pullsWrite, (*call).submitReview},
		{"GET", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", 200, pullsRead, (*call).listLineComments},
		{"POST", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", 201, pullsWrite, (*call).createLineComment},
		{"POST", "/repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies", 201, pullsWrite, (*call).createReply},
		{"GET", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", 200, pullsRead, (*call).getLine},
		{"PATCH", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", 200, pullsWrite, (*call).editLine},
		{"DELETE", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", 204, pullsWrite, (*call).deleteLine},
		{"GET", "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions", 200, pullsRead, (*call).listReactions},
		{"POST", "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions", 201, pullsWrite, (*call).createReaction},
		{"DELETE", "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions/{reaction_id}", 204, pullsWrite, (*call).deleteReaction},
	}
}

func talkRoutes() []route {
	return []route{
		{"GET", "/repos/{owner}/{repo}/issues/{issue_number}", 200, talkRead, (*call).getIssue},
		{"GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", 200, talkRead, (*call).listComments},
		{"POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", 201, talkWrite, (*call).createComment},
		{"GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", 200, talkRead, (*call).getComment},
		{"PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", 200, talkWrite, (*call).editComment},
		{"DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", 204, talkWrite, (*call).deleteComment},
		{"GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", 200, talkRead, (*call).listReactions},
		{"POST", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", 201, talkWrite, (*call).createReaction},
		{"DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}", 204, talkWrite, (*call).deleteReaction},
		{"GET", "/repos/{owner}/{repo}/issues/{issue_number}/reactions", 200, talkRead, (*call).listReactions},
		{"POST", "/repos/{owner}/{repo}/issues/{issue_number}/reactions", 201, talkWrite, (*call).createReaction},
	}
}

func contentRoutes() []route {
	return []route{
		{"GET", "/repos/{owner}/{repo}", 200, metadataRead, (*call).getRepository},
		{"GET", "/repos/{owner}/{repo}/branches", 200, contentsRead, (*call).listBranches},
		{"GET", "/repos/{owner}/{repo}/branches/{branch}", 200, contentsRead, (*call).getBranch},
		{"GET", "/repos/{owner}/{repo}/branches/{branch}/protection", 200, "administration:read", (*call).getProtection},
		{"GET", "/repos/{owner}/{repo}/rules/branches/{branch}", 200, metadataRead, (*call).listRules},
		{"GET", "/repos/{owner}/{repo}/commits", 200, contentsRead, (*call).listCommits},
		{"GET", "/repos/{owner}/{repo}/commits/{ref}", 200, contentsRead, (*call).getCommit},
		{"GET", "/repos/{owner}/{repo}/compare/{basehead}", 200, contentsRead, (*call).compare},
		{"GET", "/repos/{owner}/{repo}/contents/{path}", 200, contentsRead, (*call).getContents},
		{"PUT", "/repos/{owner}/{repo}/contents/{path}", 201, contentsWrite, (*call).putContents},
		{"GET", "/repos/{owner}/{repo}/git/ref/{ref}", 200, contentsRead, (*call).getRef},
		{"GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", 200, contentsRead, (*call).listRefs},
		{"POST", "/repos/{owner}/{repo}/git/refs", 201, contentsWrite, (*call).createRef},
		{"PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", 200, contentsWrite, (*call).updateRef},
		{"DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", 204, contentsWrite, (*call).deleteRef},
		{"POST", "/repos/{owner}/{repo}/git/blobs", 201, contentsWrite, (*call).createBlob},
		{"GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", 200, contentsRead, (*call).getBlob},
		{"POST", "/repos/{owner}/{repo}/git/trees", 201, contentsWrite, (*call).createTree},
		{"GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", 200, contentsRead, (*call).getTree},
		{"POST", "/repos/{owner}/{repo}/git/commits", 201, contentsWrite, (*call).createCommit},
		{"GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", 200, contentsRead, (*call).getGitCommit},
	}
}
