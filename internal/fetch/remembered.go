package fetch

import (
	"errors"
	"time"

	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// freshFor is how long what a place said is not asked for again.
const freshFor = time.Hour

// remembered is what is known of an answer from earlier runs.
type remembered[T any] struct {
	known   bool
	value   T
	fresh   bool // it need not be asked for again
	offline bool // nobody may ask
}

// orAsk returns what is remembered while that is enough, else what ask says. Where the place does not answer, what is
// remembered stands in, and stale says why. asked reports that the value is a new answer.
func (r remembered[T]) orAsk(ask func() (T, error)) (value T, stale string, asked bool, err error) {
	switch {
	case r.offline && !r.known:
		return value, "", false, errOffline
	case r.known && (r.offline || r.fresh):
		return r.value, "", false, nil
	}
	value, err = ask()
	var unavailable *registry.UnavailableError
	if r.known && errors.As(err, &unavailable) && !unavailable.Content {
		return r.value, err.Error(), false, nil
	}
	return value, "", err == nil, err
}
