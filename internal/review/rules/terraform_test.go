package rules_test

import (
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
)

// TestTerraformIsNoRoot holds that modules are judged as what renders is, with what the change did to blame, and are
// neither roots nor objects to anybody; nor do other rules see their blocks.
func TestTerraformIsNoRoot(t *testing.T) {
	const open = "resource \"aws_security_group\" \"old\" {\n  ingress {\n    from_port   = 22\n    to_port     = 22\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n"
	const added = "resource \"aws_security_group\" \"new\" {\n  ingress {\n    from_port   = 22\n    to_port     = 22\n    cidr_blocks = [\"10.0.0.0/8\", \"0.0.0.0/0\"]\n  }\n  tags = { password = \"Tr0ub4dor&3x\" }\n}\n"
	fixture := reviewtest.Fixture{Base: map[string][]byte{"net/main.tf": []byte(open)}, Head: map[string][]byte{"net/main.tf": []byte(added + open)}}
	change, err := fixture.Change()
	if err != nil {
		t.Fatal(err)
	}
	lab := newLab()
	policy, err := lab.Policy([]byte("profile: everything\n"))
	if err != nil {
		t.Fatal(err)
	}
	engine := &review.Engine{Renderer: lab.Renderer, Rules: lab.Rules, Now: time.Now}
	result, err := engine.Review(t.Context(), change, policy, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Roots) > 0 || result.Total > 0 || len(result.Diff) > 0 || len(result.Images) > 0 || len(result.Unreached) > 0 {
		t.Errorf("a module shows as a root: %+v, %d, %+v, %v", result.Roots, result.Total, result.Diff, result.Unreached)
	}
	status := map[string]review.Finding{}
	for _, f := range result.Findings {
		if f.Rule != "terraform-open-cidr" {
			t.Errorf("%s sees a module: %s", f.Rule, f.Message)
		}
		status[f.Object.Name] = f
	}
	if f := status["new"]; f.Status != review.New || f.Location.Line != 5 || f.Location.Column != 34 || !f.Location.Changed {
		t.Errorf("what the change brings: %s at %+v", f.Status, f.Location)
	}
	if f := status["old"]; f.Status != review.Existing || f.Location.Line != 13 || f.Location.Changed {
		t.Errorf("what was there: %s at %+v", f.Status, f.Location)
	}
	listed, _, err := engine.Roots(t.Context(), change, policy, review.Options{})
	if err != nil || len(listed) > 0 {
		t.Errorf("a module is listed as a root: %v, %v", listed, err)
	}
}
