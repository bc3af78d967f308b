package githubtest

import "net/http"

// getProtection answers what a branch asks of pull requests.
func (c *call) getProtection() (any, error) {
	branch := c.params["branch"]
	p := c.repo.protection[branch]
	if p == nil {
		return nil, refuse(http.StatusNotFound, "Branch not protected")
	}
	self := c.g.api("/repos/%s/branches/%s/protection", c.repo.FullName(), escapePath(branch))
	contexts, checks := []any{}, []any{}
	for _, check := range p.Checks {
		contexts = append(contexts, check.Context)
		var app any
		if check.App != nil {
			app = check.App.ID
		}
		checks = append(checks, object{"context": check.Context, "app_id": app})
	}
	return object{
		"url": self, "enforce_admins": object{"url": self + "/enforce_admins", "enabled": true},
		"required_status_checks": object{
			"url": self + "/required_status_checks", "strict": false, "contexts": contexts, "contexts_url": self + "/required_status_checks/contexts",
			"checks": checks,
		},
		"required_pull_request_reviews": object{
			"url": self + "/required_pull_request_reviews", "dismiss_stale_reviews": false, "require_code_owner_reviews": false,
			"required_approving_review_count": p.Approvals,
		},
	}, nil
}

// listRules answers the rules of a branch, in the form of rulesets.
func (c *call) listRules() (any, error) {
	items := []any{}
	p := c.repo.protection[c.params["branch"]]
	if p == nil {
		return items, nil
	}
	from := object{"ruleset_source_type": "Repository", "ruleset_source": c.repo.FullName(), "ruleset_id": c.repo.ID}
	rule := func(kind string, parameters object) {
		r := object{"type": kind}
		for name, value := range from {
			r[name] = value
		}
		if parameters != nil {
			r["parameters"] = parameters
		}
		items = append(items, r)
	}
	checks := []any{}
	for _, check := range p.Checks {
		one := object{"context": check.Context}
		if check.App != nil {
			one["integration_id"] = check.App.ID
		}
		checks = append(checks, one)
	}
	rule("required_status_checks", object{"required_status_checks": checks, "strict_required_status_checks_policy": false})
	if p.Queue {
		rule("merge_queue", object{
			"check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5, "max_entries_to_merge": 5,
			"merge_method": "MERGE", "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5,
		})
	}
	return items, nil
}
