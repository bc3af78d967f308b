package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var cronjobDeadline = review.Rule{
	ID: "cronjob-deadline", Level: review.Info,
	Summary: "A CronJob has no deadline for late starts",
	Kinds:   []string{"CronJob.batch"},
	Check:   checkCronjobDeadline,
}

func checkCronjobDeadline(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	if at := spec.Get("startingDeadlineSeconds"); !at.IsSet() && spec.IsMap() && !spec.Get("suspend").True() {
		p.Report(at, "cronjob %s may start however late", p.Object.Name).
			Detail("After an outage the controller starts the last run that it missed, however late that is: a report of the night in the busiest hour, or shortly before the next run.")
	}
}
