package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// ErrAbsent tells that the registry answered and does not have what was asked for.
var ErrAbsent = errors.New("the registry does not have it")

// UnavailableError tells that a registry could not be asked, or did not answer as it should. It says nothing about the
// image, unless Content is set.
type UnavailableError struct {
	Host    string
	Reason  string
	Err     error
	Content bool // what somebody pushed is at fault, and not the registry
}

// Error returns "HOST could not be asked: reason".
func (e *UnavailableError) Error() string { return e.Host + " could not be asked: " + e.Reason }

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// unavailable makes one of our errors of what a library or the network said, without the address, in which a token of a
// redirect could stand.
func unavailable(host string, err error) error {
	var refused *RefusedError
	var known *UnavailableError
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &known):
		return err
	}
	reason := err.Error()
	var said *transport.Error
	var failed *url.Error
	switch {
	case errors.As(err, &said):
		reason = strings.TrimSpace(fmt.Sprintf("it answered %d %s", said.StatusCode, http.StatusText(said.StatusCode)))
	case errors.As(err, &failed):
		reason = failed.Err.Error()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		reason = "it did not answer in time"
	case speaksPlainHTTP(err):
		reason = "it speaks without encryption; if that is meant, list it under images.registries with plainHTTP: true"
	}
	return &UnavailableError{Host: host, Reason: reason, Err: err}
}

// speaksPlainHTTP reports whether a registry answered a TLS handshake by HTTP.
func speaksPlainHTTP(err error) bool {
	var record tls.RecordHeaderError
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/"
}
