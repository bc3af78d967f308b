package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

// ErrConfigured says that credentials of an App are stored already.
var ErrConfigured = errors.New("an App is configured already")

// Progress is how far the newest task of a subject is.
type Progress struct {
	Kind       event.Kind // event.Review, or event.Cancel when the subject is gone
	Head, Base string     // commits
	Generation int64
	Done       bool      // its job ended well
	Failed     bool      // its job failed for good, and Worker.Failed told so; neither: it waits or runs
	Changed    time.Time // when that became so
}

// Progress returns what is known of the subjects of a repository, by Subject.Key.
func (q *Queue) Progress(ctx context.Context, repository event.Repository) (map[string]Progress, error) {
	all := make(map[string]Progress)
	err := q.query(ctx, `SELECT key, kind, head, base, generation, state, changed FROM landwaiter_subject
		WHERE installation = $1 AND repository = $2`, func(scan scanner) error {
		var p Progress
		var key, kind, state string
		var changed int64
		err := scan(&key, &kind, &p.Head, &p.Base, &p.Generation, &state, &changed)
		p.Kind, p.Done, p.Failed, p.Changed = event.Kind(kind), state == stateDone, state == stateFailed, time.UnixMilli(changed)
		all[key] = p
		return err
	}, repository.Installation, repository.ID)
	return all, err
}

// Acknowledgement is a person's word that a finding is meant, bound to the finding's fingerprint.
type Acknowledgement struct {
	Fingerprint string
	By          string // login
	Reason      string
	At          time.Time // set when it is kept
}

// Acknowledge keeps an acknowledgement for a subject; a later one of the same fingerprint replaces it.
func (q *Queue) Acknowledge(ctx context.Context, subject event.Subject, a Acknowledgement) error {
	return q.exec(ctx, `INSERT INTO landwaiter_acknowledgement (subject, fingerprint, installation, repository, person, reason, given)
		VALUES ($1, $2, $3, $4, $5, $6, {millis})
		ON CONFLICT (subject, fingerprint) DO UPDATE SET person = excluded.person, reason = excluded.reason, given = excluded.given`,
		printable(subject.Key()), printable(a.Fingerprint), subject.Repository.Installation, subject.Repository.ID,
		printable(a.By), printable(a.Reason))
}

// Acknowledgements lists those of a subject, the oldest first.
func (q *Queue) Acknowledgements(ctx context.Context, subject event.Subject) ([]Acknowledgement, error) {
	var all []Acknowledgement
	err := q.query(ctx, `SELECT fingerprint, person, reason, given FROM landwaiter_acknowledgement
		WHERE subject = $1 ORDER BY given, fingerprint`, func(scan scanner) error {
		var a Acknowledgement
		var at int64
		err := scan(&a.Fingerprint, &a.By, &a.Reason, &at)
		a.At = time.UnixMilli(at)
		all = append(all, a)
		return err
	}, printable(subject.Key()))
	return all, err
}

// SetFact keeps a value under a name, for an installation or, with 0, for the whole App.
func (q *Queue) SetFact(ctx context.Context, installation int64, name, value string) error {
	return q.exec(ctx, `INSERT INTO landwaiter_fact (installation, name, value, changed) VALUES ($1, $2, $3, {millis})
		ON CONFLICT (installation, name) DO UPDATE SET value = excluded.value, changed = excluded.changed`,
		installation, printable(name), printable(value))
}

// Fact returns the value that SetFact kept and when, by the database's clock; both are zero when there is none.
func (q *Queue) Fact(ctx context.Context, installation int64, name string) (value string, at time.Time, err error) {
	err = q.query(ctx, `SELECT value, changed FROM landwaiter_fact WHERE installation = $1 AND name = $2`, func(scan scanner) error {
		var changed int64
		err := scan(&value, &changed)
		at = time.UnixMilli(changed)
		return err
	}, installation, printable(name))
	return value, at, err
}

// SaveApp stores the credentials of the App that /setup made, as text of the caller's. It returns ErrConfigured when
// there are some: two people who press the button make one App.
//
// They are stored as they are. Encrypting them would need a key from outside, and whoever has a place for that key puts
// the App's private key there (LANDWAITER_PRIVATE_KEY_FILE) and stores none here. A SQLite file can be read by its owner
// only; in PostgreSQL, whoever may read the table may act as the App.
func (q *Queue) SaveApp(ctx context.Context, credentials string) error {
	return q.within(ctx, func(s session) error {
		n, err := s.exec(ctx, `INSERT INTO landwaiter_app (id, credentials) VALUES (1, $1) ON CONFLICT DO NOTHING`, credentials)
		if err == nil && n == 0 {
			return fmt.Errorf("store the App: %w", ErrConfigured)
		}
		return err
	})
}

// App returns what SaveApp stored, empty when there is nothing.
func (q *Queue) App(ctx context.Context) (credentials string, err error) {
	err = q.query(ctx, `SELECT credentials FROM landwaiter_app`, func(scan scanner) error { return scan(&credentials) })
	return credentials, err
}
