package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Operation is one operation of GitHub's REST interface: a method, and a path as GitHub's OpenAPI description writes it.
type Operation struct{ Method, Path string }

// Operations are those that the server answers.
func Operations() []Operation {
	var all []Operation
	for _, r := range routes() {
		all = append(all, Operation{r.method, r.path})
	}
	return all
}

// route is an operation and how it is answered.
type route struct {
	method, path string
	status       int    // of the answer when all is well
	needs        string // see call.permit
	do           func(*call) (any, error)
}

// call is one request to a route, with what the path says of it.
type call struct {
	g       *GitHub
	request *http.Request
	body    []byte
	who     *caller
	params  map[string]string
	repo    *Repository // where the path names one
	status  int         // of the answer
	header  map[string]string
	// resource is what the request counts against: core or graphql
	resource string
}

// refusal is an answer that says no.
type refusal struct {
	status  int
	message string
	errors  []any
	header  map[string]string
	cause   error
}

func (r *refusal) Unwrap() error { return r.cause }

func (r *refusal) Error() string { return fmt.Sprintf("%d %s %v", r.status, r.message, r.errors) }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

func notFound() *refusal { return refuse(http.StatusNotFound, "Not Found") }

// unprocessable is the 422 that lists sentences.
func unprocessable(sentences ...string) *refusal {
	r := refuse(http.StatusUnprocessableEntity, "Unprocessable Entity")
	for _, s := range sentences {
		r.errors = append(r.errors, s)
	}
	return r
}

// invalid is the 422 that names a field.
func invalid(resource, field, code, message string) *refusal {
	r := refuse(http.StatusUnprocessableEntity, "Validation Failed")
	problem := map[string]any{"resource": resource, "field": field, "code": code}
	if message != "" {
		problem["message"] = message
	}
	r.errors = []any{problem}
	return r
}

// list is an answer that is sent in pages: an array, or with a key an object that holds one and its length.
type list struct {
	key   string
	items []any
	also  map[string]any
	link  string // of a list that has its own way of paging: items are the page
}

func listOf[T any](items []T, shape func(T) map[string]any) *list {
	l := &list{items: make([]any, 0, len(items))}
	for _, item := range items {
		l.items = append(l.items, shape(item))
	}
	return l
}

// read decodes the request's body.
func (c *call) read(into any) error {
	if len(c.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}

func (c *call) number(param string) int64 {
	n, err := strconv.ParseInt(c.params[param], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (c *call) query(name string) string { return c.request.URL.Query().Get(name) }

// find returns the route of a request and the values in its path; nil when there is none. Of several that match, the
// one with words where others have values wins.
func find(all []route, method, escaped string) (*route, map[string]string) {
	segments := strings.Split(strings.Trim(escaped, "/"), "/")
	var best *route
	var params map[string]string
	var words string
	for i := range all {
		r := &all[i]
		if r.method != method {
			continue
		}
		if p, w, ok := match(r.path, segments); ok && w > words {
			best, params, words = r, p, w
		}
	}
	return best, params
}

// tails are the values that may hold slashes; they stand at the end of a path.
var tails = []string{"{path}", "{ref}", "{branch}", "{basehead}"}

// match compares a path of the description with the segments of a request's. words has a letter for each segment, so
// that the greater string is the better match.
func match(pattern string, segments []string) (params map[string]string, words string, ok bool) {
	parts := strings.Split(strings.Trim(pattern, "/"), "/")
	params = make(map[string]string)
	for i, part := range parts {
		if i >= len(segments) {
			return nil, "", false
		}
		if part[0] != '{' {
			if part != segments[i] {
				return nil, "", false
			}
			words += "c"
			continue
		}
		rest, letter := segments[i:i+1], "b"
		if i == len(parts)-1 && slices.Contains(tails, part) {
			rest, letter = segments[i:], "a"
		}
		value, err := url.PathUnescape(strings.Join(rest, "/"))
		if err != nil || value == "" || !fits(part, value) {
			return nil, "", false
		}
		params[strings.Trim(part, "{}")], words = value, words+letter
		if letter == "a" {
			return params, words, true
		}
	}
	return params, words, len(parts) == len(segments)
}

// fits reports whether a value can be what the path says: numbers are digits.
func fits(part, value string) bool {
	if !strings.HasSuffix(part, "_number}") && !strings.HasSuffix(part, "_id}") {
		return true
	}
	_, err := strconv.ParseInt(value, 10, 64)
	return err == nil
}
