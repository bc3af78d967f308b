package github

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-github/v60/github"
)

// Delivery is a webhook that GitHub could not deliver.
type Delivery struct {
	ID           int64  // of the last attempt; Redeliver takes it
	GUID         string // the same for all attempts
	Event        string
	Action       string
	Status       int // what we answered; 0 or 5xx when we did not
	At           time.Time
	Installation int64
}

// maxDeliveries bounds how many deliveries are looked at.
const maxDeliveries = 10_000

// FailedDeliveries lists the webhooks since a time of which no attempt succeeded, the newest first. GitHub keeps three
// days of them (Enterprise Server: seven) and delivers nothing again by itself.
//
// https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
func (a *App) FailedDeliveries(ctx context.Context, since time.Time) ([]Delivery, error) {
	options := &github.ListCursorOptions{PerPage: perPage}
	delivered := make(map[string]bool) // by GUID: an attempt succeeded
	var failed []Delivery
	for seen := 0; seen < maxDeliveries; {
		page, resp, err := a.rest.Apps.ListHookDeliveries(ctx, options)
		if err != nil {
			return nil, failure(ctx, "list webhook deliveries", err)
		}
		older := false
		for _, d := range page {
			older = older || d.GetDeliveredAt().Before(since)
			if code := d.GetStatusCode(); code >= 200 && code < 300 {
				delivered[d.GetGUID()] = true
			} else if !older {
				failed = append(failed, Delivery{ID: d.GetID(), GUID: d.GetGUID(), Event: d.GetEvent(), Action: d.GetAction(),
					Status: code, At: d.GetDeliveredAt().Time, Installation: d.GetInstallationID()})
			}
		}
		seen += len(page)
		if options.Cursor = resp.Cursor; older || resp.Cursor == "" || len(page) == 0 {
			break
		}
	}
	return newestOf(failed, delivered), nil
}

// newestOf keeps the last attempt of each delivery that none delivered.
func newestOf(failed []Delivery, delivered map[string]bool) []Delivery {
	var out []Delivery
	for _, d := range failed {
		if !delivered[d.GUID] {
			out = append(out, d)
			delivered[d.GUID] = true
		}
	}
	return out
}

// Redeliver asks GitHub to deliver a webhook once more.
//
// https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook
func (a *App) Redeliver(ctx context.Context, id int64) error {
	_, _, err := a.rest.Apps.RedeliverHookDelivery(ctx, id)
	var accepted *github.AcceptedError // which is what GitHub answers when it will
	if errors.As(err, &accepted) {
		return nil
	}
	return failure(ctx, fmt.Sprintf("deliver webhook %d again", id), err)
}
