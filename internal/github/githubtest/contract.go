package githubtest

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// openAPI is the part of GitHub's OpenAPI description that Operations names; contract/README.md says where it is from.
//
//go:embed contract/openapi.json.gz
var openAPI []byte

// contract checks requests and answers against GitHub's own description of them.
type contract struct {
	openAPI *openapi3.T
	hooks   *hookSchemas
	graphQL *graphQLSchema
}

// newContract reads the embedded descriptions, once in a process.
var newContract = sync.OnceValues(func() (*contract, error) {
	c := new(contract)
	data, err := gunzip(openAPI)
	if err != nil {
		return nil, err
	}
	if c.openAPI, err = openapi3.NewLoader().LoadFromData(data); err != nil {
		return nil, fmt.Errorf("GitHub's OpenAPI description: %w", err)
	}
	c.correct()
	if c.hooks, err = loadHookSchemas(); err != nil {
		return nil, fmt.Errorf("GitHub's webhook schemas: %w", err)
	}
	if c.graphQL, err = loadGraphQL(); err != nil {
		return nil, fmt.Errorf("GitHub's GraphQL schema: %w", err)
	}
	return c, nil
})

// correct mends what the description says otherwise than GitHub does: the line of an outdated comment is null, an error
// may well be of two of the kinds of which it is said to be one, and no account is a person and an enterprise at once.
func (c *contract) correct() {
	for _, name := range []string{"pull-request-review-comment", "review-comment"} {
		for _, field := range []string{"line", "position"} {
			if schema := c.openAPI.Components.Schemas[name]; schema != nil && schema.Value.Properties[field] != nil {
				schema.Value.Properties[field].Value.Nullable = true
			}
		}
	}
	if item := c.openAPI.Paths.Value("/app/installations"); item != nil {
		listed := item.Get.Responses.Value("200").Value.Content.Get("application/json").Schema.Value.Items
		account := listed.Value.Properties["account"].Value
		account.AnyOf, account.AllOf = append(account.AnyOf, account.AllOf...), nil
	}
	for _, item := range c.openAPI.Paths.Map() {
		for _, op := range item.Operations() {
			for status, response := range op.Responses.Map() {
				if media := response.Value.Content.Get("application/json"); media != nil && media.Schema != nil && status >= "400" {
					media.Schema.Value.AnyOf, media.Schema.Value.OneOf = append(media.Schema.Value.AnyOf, media.Schema.Value.OneOf...), nil
				}
			}
		}
	}
}

func gunzip(data []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

func (c *contract) operation(r *route) (*openapi3.PathItem, *openapi3.Operation, error) {
	item := c.openAPI.Paths.Value(r.path)
	if item == nil || item.GetOperation(r.method) == nil {
		return nil, nil, fmt.Errorf("%s %s is not in the part of GitHub's description that is kept: run the trim program again", r.method, r.path)
	}
	return item, item.GetOperation(r.method), nil
}

func (c *contract) input(call *call, r *route) (*openapi3filter.RequestValidationInput, error) {
	item, op, err := c.operation(r)
	if err != nil {
		return nil, err
	}
	request := call.request.Clone(call.request.Context())
	request.Body = io.NopCloser(bytes.NewReader(call.body))
	return &openapi3filter.RequestValidationInput{
		Request: request, PathParams: call.params, QueryParams: request.URL.Query(),
		Route:   &routers.Route{Spec: c.openAPI, PathItem: item, Operation: op, Method: r.method, Path: r.path},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
	}, nil
}

// checkRequest returns what of a request is not as GitHub describes it. A field or a parameter that GitHub does not
// know is ignored there, and an error here: what the client wanted to say is lost.
func (c *contract) checkRequest(call *call, r *route) error {
	input, err := c.input(call, r)
	if err != nil {
		return err
	}
	if call.empty() && input.Route.Operation.RequestBody != nil && !input.Route.Operation.RequestBody.Value.Required {
		input.Options.ExcludeRequestBody = true
	}
	if err := openapi3filter.ValidateRequest(call.request.Context(), input); err != nil {
		return brief(err)
	}
	for name := range input.QueryParams {
		if !hasParameter(input.Route, name) {
			return fmt.Errorf("GitHub knows no query parameter %q here", name)
		}
	}
	return unknownInBody(call.body, input.Route.Operation)
}

// empty reports whether a request says nothing: clients that have no options to send may send null.
func (c *call) empty() bool {
	text := string(bytes.TrimSpace(c.body))
	return text == "" || text == "null"
}

func hasParameter(r *routers.Route, name string) bool {
	for _, all := range []openapi3.Parameters{r.Operation.Parameters, r.PathItem.Parameters} {
		if all.GetByInAndName("query", name) != nil {
			return true
		}
	}
	return false
}

func unknownInBody(body []byte, op *openapi3.Operation) error {
	if len(body) == 0 || op.RequestBody == nil {
		return nil
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	var value any
	if media == nil || json.Unmarshal(body, &value) != nil {
		return nil
	}
	return unknown("", value, media.Schema)
}

// unknown returns an error for a field of value that the schema does not name.
func unknown(at string, value any, ref *openapi3.SchemaRef) error {
	if ref == nil || ref.Value == nil {
		return nil
	}
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			if err := unknown(fmt.Sprintf("%s[%d]", at, i), item, ref.Value.Items); err != nil {
				return err
			}
		}
	case map[string]any:
		fields := fieldsOf(ref.Value)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if len(fields) > 0 && fields[name] == nil {
				return fmt.Errorf("GitHub knows no field %q here", strings.TrimPrefix(at+"."+name, "."))
			}
			if err := unknown(at+"."+name, v[name], fields[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// fieldsOf returns the fields of a schema and of the schemas that it is one, any or all of. None when it takes any.
func fieldsOf(s *openapi3.Schema) map[string]*openapi3.SchemaRef {
	all := maps.Clone(map[string]*openapi3.SchemaRef(s.Properties))
	if all == nil {
		all = make(map[string]*openapi3.SchemaRef)
	}
	for _, part := range slices.Concat(s.OneOf, s.AnyOf, s.AllOf) {
		for name, field := range fieldsOf(part.Value) {
			if all[name] == nil {
				all[name] = field
			}
		}
	}
	return all
}

// checkAnswer notes what of an answer is not as GitHub describes it.
func (c *contract) checkAnswer(log *requestLog, call *call, r *route, a *answer) {
	input, err := c.input(call, r)
	if err != nil {
		log.violation("%v", err)
		return
	}
	if a.status < 300 && input.Route.Operation.Responses.Status(a.status) == nil {
		log.violation("answer to %s %s: GitHub never answers %d here", r.method, r.path, a.status)
		return
	}
	kind := a.header.Get("Content-Type")
	if a.status == http.StatusNotModified || kind != "" && !strings.HasPrefix(kind, "application/json") {
		return
	}
	input.Options.ExcludeResponseBody = a.body.Len() == 0
	err = openapi3filter.ValidateResponse(call.request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: a.status, Header: a.header,
		Body: io.NopCloser(bytes.NewReader(a.body.Bytes())), Options: input.Options,
	})
	if err != nil {
		log.violation("answer to %s %s: %v", r.method, r.path, brief(err))
	}
}

// brief shortens the errors of the OpenAPI library, which print whole schemas.
func brief(err error) error {
	var all openapi3.MultiError
	if errors.As(err, &all) && len(all) > 0 {
		err = all[0]
	}
	var at *openapi3.SchemaError
	if errors.As(err, &at) {
		return fmt.Errorf("%s: %s", strings.Join(at.JSONPointer(), "."), at.Reason)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(text)
}
