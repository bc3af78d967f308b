package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/source"
	"golang.org/x/tools/txtar"
)

// someRules are small rules of the shapes that matter for what is published.
func someRules() []*review.Rule {
	pod := []string{review.Workloads}
	page := func(id, why, how string) string {
		return "# " + id + "\n\n" + why + "\n\n## Bad\n```yaml\na: 1\n```\n\n## How to fix\n" + how + "\n"
	}
	return []*review.Rule{
		{ID: "privileged", Area: "pod", Level: review.Error, Kinds: pod, Guidelines: []string{"G1", "G2"}, Summary: "A container is privileged",
			Doc: page("privileged", "It owns the node.", "Drop it."), Check: checkPrivileged},
		{ID: "escalation", Area: "pod", Level: review.Error, Kinds: pod, Guidelines: []string{"G1"}, Summary: "A container may gain rights",
			Doc: page("escalation", "Programs may gain rights.", "Set the field."), Check: checkSetting("allowPrivilegeEscalation", false, "%s may gain rights")},
		{ID: "read-only", Area: "pod", Level: review.Warning, Kinds: pod, Summary: "A container can write",
			Doc: page("read-only", "What is written is not known.", "Set the field."), Check: checkSetting("readOnlyRootFilesystem", true, "%s can write")},
		{ID: "host-network", Area: "pod", Level: review.Error, Kinds: pod, Summary: "A pod uses the node's network",
			Doc: page("host-network", "No policy holds for it.", "Drop it."), Check: checkNetwork},
		{ID: "image-latest", Area: "image", Level: review.Error, Kinds: pod, Guidelines: []string{"G13"}, Summary: "An image has no version",
			Doc: page("image-latest", "The tag moves, and with it\nwhat runs.", "Name the version.\n\nMore."), Check: checkImage},
		{ID: "low-uid", Area: "pod", Level: review.Info, Kinds: pod, Summary: "A low user id", Doc: page("low-uid", "It is low.", "Raise it."), Check: checkUID},
		{ID: review.RuleRenderFailed, Area: "rendering", Level: review.Error, Summary: "A root does not render",
			Doc: page(review.RuleRenderFailed, "Nobody knows what it does.", "The message says.")},
	}
}

func checkPrivileged(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		if at := c.Get("securityContext", "privileged"); at.True() {
			p.Report(at, "%s is privileged", c.Title()).Detail("It has every device of the node.").Fix("Set privileged to false", review.Set(at, false))
		}
	}
}

func checkSetting(name string, want bool, message string) func(p *review.Pass) {
	return func(p *review.Pass) {
		for _, c := range p.Pod.Containers {
			if at := c.Get("securityContext", name); at.True() != want || !at.IsSet() {
				p.Report(at, message, c.Title()).Fix(fmt.Sprintf("Set %s to %v", name, want), review.Set(at, want))
			}
		}
	}
}

func checkNetwork(p *review.Pass) {
	if at := p.Pod.Spec.Get("hostNetwork"); at.True() {
		p.Report(at, "the pod uses the node's network").Fix("Drop hostNetwork", review.Remove(at)).Unsafe()
	}
}

func checkImage(p *review.Pass) {
	for _, image := range p.Pod.Images() {
		if strings.HasSuffix(image.Text(), ":latest") {
			p.Report(image.Field, "%s uses %s", image.Title, image.Text())
		}
	}
}

func checkUID(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		if n, ok := c.Get("securityContext", "runAsUser").Int(); ok && n < 10000 {
			p.Report(c.Get("securityContext", "runAsUser"), "%s runs as %d", c.Title(), n)
		}
	}
}

// scenario is a small pull request: an archive whose first lines are options, whose files under base/ are those of the
// base, and whose policy is .github/landwaiter.yaml there.
type scenario struct {
	change  *source.Change
	policy  *review.Policy
	options PublicationOptions
	accept  string // a rule whose findings @alice accepts
}

func readScenario(t *testing.T, archive []byte) scenario {
	t.Helper()
	fixture, err := reviewtest.ParseFixture(archive)
	if err != nil {
		t.Fatal(err)
	}
	change, err := fixture.Change()
	if err != nil {
		t.Fatal(err)
	}
	s := scenario{change: change, options: PublicationOptions{Change: change}}
	var layers []policy.Layer
	if text, err := change.Base.ReadFile(".github/landwaiter.yaml"); err == nil {
		layers = append(layers, policy.Layer{File: ".github/landwaiter.yaml", Text: text})
	}
	if s.policy, err = policy.Load(someRules(), layers...); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(txtar.Parse(archive).Comment)) {
		option, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch option {
		case "draft":
			s.options.CheckOnly = true
		case "push":
			s.options.MayPush = true
		case "open":
			s.options.MayOpen = true
		case "accept":
			s.accept = value
		}
	}
	return s
}

// report reviews a scenario.
func (s scenario) report(t *testing.T) *Report {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	engine := &review.Engine{Renderer: reviewtest.Direct{manifests.Plain: manifests.PlainRenderer{}}, Rules: someRules(), Now: now}
	result, err := engine.Review(t.Context(), s.change, s.policy, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var options review.Options
	for _, f := range result.Findings {
		if s.accept == f.Rule {
			options.Accepted = append(options.Accepted, review.Acceptance{Fingerprint: f.Fingerprint, By: "@alice", Reason: "it routes for the node", At: now()})
		}
	}
	if options.Accepted != nil {
		if result, err = engine.Review(t.Context(), s.change, s.policy, options); err != nil {
			t.Fatal(err)
		}
	}
	result.BaseID, result.HeadID, result.Timings = "55230713e875", "0a1b2c3d4e5f", review.Timings{Total: 0.25}
	return &Report{Result: result, Rules: someRules(), Policy: s.policy, Version: "v1.2.3", Renderers: "kustomize 5.7, Helm 4.3", PolicyFrom: "policy of 5523071",
		Now: now(), Source: func(file string) []byte { text, _ := s.change.Head.ReadFile(file); return text },
		Link: func(file string, line int) string {
			return fmt.Sprintf("https://github.com/acme/web/blob/0a1b2c3/%s#L%d", file, line)
		}}
}

// dump writes a publication for a person to read.
func dump(p Publication) string {
	var b strings.Builder
	for _, c := range p.Checks {
		fmt.Fprintf(&b, "======== check %s: %s\n======== title: %s\n", c.Name, c.Conclusion, c.Title)
		for _, a := range c.Actions {
			fmt.Fprintf(&b, "======== button %s: %s (%s)\n", a.Label, a.Description, a.Identifier)
		}
		b.WriteString(c.Summary)
		if c.Text != "" {
			b.WriteString("-------- text\n" + c.Text)
		}
		for _, a := range c.Annotations {
			fmt.Fprintf(&b, "-------- %s %s:%d-%d columns %d-%d: %s: %s\n", a.Level, a.File, a.StartLine, a.EndLine, a.StartColumn, a.EndColumn, a.Title, a.Message)
		}
	}
	for _, c := range p.Comments {
		fmt.Fprintf(&b, "======== comment on %s, lines %d to %d\n%s\n", c.File, c.StartLine, c.Line, c.Body)
	}
	if p.Comment != "" {
		b.WriteString("======== the conversation's comment\n" + p.Comment + "\n")
	}
	fmt.Fprintf(&b, "======== %d standing, incomplete: %v\n", len(p.Standing), p.Incomplete)
	return b.String()
}

// TestPublish holds what pull requests show to what a person has read. Run with -update after a change that is meant.
func TestPublish(t *testing.T) {
	files, err := filepath.Glob("testdata/publish/*.txtar")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := readScenario(t, archive)
			r := s.report(t)
			p := Publish(r, s.options)
			checkPublication(t, s.change, r, p)
			golden := strings.TrimSuffix(file, ".txtar") + ".golden"
			got := dump(p)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || got != string(want) {
				t.Errorf("%s differs (%v; go test -update writes it anew):\n%s", golden, err, got)
			}
		})
	}
}

// checkPublication holds what is true of every publication.
func checkPublication(t *testing.T, change *source.Change, r *Report, p Publication) {
	t.Helper()
	if again := dump(Publish(r, PublicationOptions{Change: change, CheckOnly: p.Comments == nil})); dump(Publish(r, PublicationOptions{Change: change, CheckOnly: p.Comments == nil})) != again {
		t.Error("two publications of one report differ")
	}
	seen, told := make(map[string]bool), make(map[string]bool)
	for _, c := range p.Comments {
		place := fmt.Sprintf("%s:%d", c.File, c.Line)
		if seen[place] {
			t.Errorf("two comments on %s", place)
		}
		seen[place] = true
		for _, f := range c.Fingerprints {
			if told[f] {
				t.Errorf("%s is in two comments", f)
			}
			told[f] = true
		}
		checkPlaced(t, change, c)
		checkRendered(t, "the comment on "+place, c.Body)
	}
	for _, c := range p.Checks {
		checkRendered(t, c.Name+"'s summary", c.Summary)
		checkRendered(t, c.Name+"'s text", c.Text)
		if len(c.Actions) > maxActions {
			t.Errorf("%d buttons", len(c.Actions))
		}
		for _, a := range c.Actions {
			if len([]rune(a.Label)) > maxLabel || len([]rune(a.Description)) > maxDescription || len([]rune(a.Identifier)) > maxIdentifier {
				t.Errorf("GitHub does not take the button %+v", a)
			}
		}
	}
}

// checkPlaced holds that a comment stands within one hunk of its file, counted another way than the code does: line by
// line, a line is shown when a changed one is within three lines of it.
func checkPlaced(t *testing.T, change *source.Change, c Comment) {
	t.Helper()
	if c.Line == 0 {
		if _, ok := change.BasePath(c.File); !change.Touches(c.File, 0) {
			t.Errorf("a comment on %s, which does not change (%v)", c.File, ok)
		}
		return
	}
	shows := func(line int) bool {
		for at := line - contextLines; at <= line+contextLines; at++ {
			if at > 0 && change.Touches(c.File, at) {
				return true
			}
			for _, f := range change.Files {
				for _, h := range f.Hunks {
					if f.New == c.File && h.NewLines == 0 && h.NewStart-contextLines < line && line <= h.NewStart+contextLines {
						return true
					}
				}
			}
		}
		return false
	}
	for line := max(c.StartLine, 1); line <= c.Line; line++ {
		if (line >= c.StartLine && c.StartLine > 0 || line == c.Line) && !shows(line) {
			t.Errorf("line %d of %s is no part of the difference", line, c.File)
		}
	}
	if c.StartLine != 0 && c.StartLine >= c.Line {
		t.Errorf("the comment begins on line %d and ends on line %d", c.StartLine, c.Line)
	}
}
