package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/queue"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
)

// order is a command as a person wrote it.
type order struct {
	verb string
	args []string
}

// maxOrder is how many words of a command are read.
const maxOrder = 200

// parseOrder reads the first line of a command: "/landwaiter accept FINGERPRINT reason".
func parseOrder(text string) order {
	line, _, _ := strings.Cut(text, "\n")
	words := strings.Fields(line)
	words = words[:min(len(words), maxOrder)]
	if len(words) < 2 {
		return order{verb: "help"}
	}
	return order{verb: strings.ToLower(words[1]), args: words[2:]}
}

// command obeys a person. Commands that change something are for those who may write to the repository; nobody else gets
// an answer either, so that a public repository cannot be made to talk.
func (w *Worker) command(ctx context.Context, job queue.Job) error {
	permission, err := w.client(job.Task).Permission(ctx, job.Subject.Repository, job.Sender)
	if err != nil || !permission.CanWrite() {
		return err
	}
	if err := w.client(job.Task).Acknowledge(ctx, asked(job.Task)); err != nil {
		w.log(job).Warn("a command could not be acknowledged", "error", err) // the answer says as much
	}
	text, err := w.obey(ctx, job, parseOrder(job.Text))
	var final *finalError
	var wrong *policyError
	if errors.As(err, &final) || errors.As(err, &wrong) {
		text, err = report.AnswerRefused(sentence(github.Redact(err.Error()))), nil
	}
	if err != nil || text == "" {
		return err
	}
	return w.answer(ctx, job, text)
}

func (w *Worker) obey(ctx context.Context, job queue.Job, o order) (string, error) {
	if o.verb == "help" {
		return report.AnswerHelp(), nil
	}
	pull, err := w.client(job.Task).PullRequest(ctx, job.Subject.Repository, job.Subject.Number)
	switch {
	case err != nil:
		return "", err
	case !pull.Open:
		return report.AnswerRefused("This pull request is closed."), nil
	}
	switch o.verb {
	case "review":
		return report.AnswerReview(pull.Head), w.again(ctx, job, pull)
	case "explain":
		return w.explain(ctx, job, pull, strings.Join(o.args, " "))
	case "fix":
		return w.fixCommand(ctx, job, pull)
	case "accept":
		return w.accept(ctx, job, pull, o.args)
	}
	return report.AnswerUnknown(o.verb), nil
}

// explain answers with a rule's page and what the policy says of it.
func (w *Worker) explain(ctx context.Context, job queue.Job, pull github.PullRequest, rule string) (string, error) {
	job.Head = pull.Head
	m, err := w.gather(ctx, complete(job, pull))
	var wrong *policyError
	if errors.As(err, &wrong) {
		return report.AnswerExplain(w.Rules, review.DefaultPolicy(), rule), nil
	} else if err != nil {
		return "", err
	}
	return report.AnswerExplain(slices.Concat(w.Rules, m.policy.Own), m.policy, rule), m.Close()
}

// sentence makes one of an error's text.
func sentence(text string) string {
	first, rest := utf8.DecodeRuneInString(text)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+text[rest:], ".") + "."
}

// again asks for one more review of a pull request, as it is now.
func (w *Worker) again(ctx context.Context, job queue.Job, pull github.PullRequest) error {
	task := pull.Review(job.Subject.Repository)
	task.Again, task.Sender = true, job.Sender
	_, err := w.Queue.Accept(ctx, fmt.Sprintf("%s/again/%d", job.Delivery, job.ID), "landwaiter", []event.Task{task})
	return err
}

// answer replies to the comment that asked.
func (w *Worker) answer(ctx context.Context, job queue.Job, text string) error {
	return w.client(job.Task).Reply(ctx, asked(job.Task), text, job.Resumed)
}

func asked(t event.Task) github.Asked {
	return github.Asked{Repository: t.Subject.Repository, Number: t.Subject.Number, Comment: t.Comment, Inline: t.Inline}
}

// accept keeps a person's word that a finding is meant, where the policy lets that person give it.
func (w *Worker) accept(ctx context.Context, job queue.Job, pull github.PullRequest, args []string) (string, error) {
	if len(args) < 2 {
		return report.AnswerNotAccepted(report.NoReason, strings.Join(args, ""), nil), nil
	}
	fingerprint, reason := args[0], strings.Join(args[1:], " ")
	found, err := w.study(ctx, job, pull)
	if err != nil {
		return "", err
	}
	defer found.close()
	by := "@" + job.Sender
	i := slices.IndexFunc(found.result.Findings, func(f review.Finding) bool {
		before := job.Resumed && f.Accepted() && f.Exemption.By == by && f.Exemption.Reason == reason // by an earlier attempt
		return f.Fingerprint == fingerprint && (f.Status == review.New || before)
	})
	if i < 0 {
		return report.AnswerNotAccepted(report.NoSuchFinding, fingerprint, nil), nil
	}
	finding := found.result.Findings[i]
	entries := found.policy.Acknowledging(finding.Rule)
	if len(entries) == 0 {
		return report.AnswerNotAccepted(report.RuleNotListed, fingerprint, nil), nil
	}
	may, err := w.mayAccept(ctx, job, pull, entries)
	switch {
	case err != nil:
		return "", err
	case !may && strings.EqualFold(job.Sender, pull.Author):
		return report.AnswerNotAccepted(report.ByAuthor, fingerprint, entries), nil
	case !may:
		return report.AnswerNotAccepted(report.NotListed, fingerprint, entries), nil
	}
	if err := w.Queue.Acknowledge(ctx, job.Subject, queue.Acknowledgement{Fingerprint: fingerprint, By: job.Sender, Reason: reason}); err != nil {
		return "", err
	}
	return report.AnswerAccepted(finding, by, reason), w.again(ctx, job, pull)
}

// mayAccept reports whether one of the entries names the person, or a team that the person is in.
func (w *Worker) mayAccept(ctx context.Context, job queue.Job, pull github.PullRequest, entries []review.Acknowledge) (bool, error) {
	for _, entry := range entries {
		if entry.NotAuthor && strings.EqualFold(job.Sender, pull.Author) {
			continue
		}
		for _, by := range entry.By {
			organisation, team, isTeam := strings.Cut(strings.TrimPrefix(by, "@"), "/")
			if !isTeam {
				if strings.EqualFold(organisation, job.Sender) {
					return true, nil
				}
				continue
			}
			in, err := w.client(job.Task).InTeam(ctx, organisation, team, job.Sender)
			if errors.Is(err, github.ErrForbidden) {
				return false, &finalError{fmt.Errorf("whether %s is in %s could not be asked: the App needs the permission members: read", job.Sender, by)}
			}
			if err != nil || in {
				return in, err
			}
		}
	}
	return false, nil
}
