package githubtest

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// graphQLText is the part of GitHub's GraphQL schema that GraphQLFields names.
//
//go:embed contract/schema.graphql.gz
var graphQLText []byte

// GraphQLFields are the fields that the server resolves, by type.
func GraphQLFields() map[string][]string {
	comment := []string{"id", "databaseId", "body", "author", "createdAt", "updatedAt", "isMinimized", "minimizedReason", "url"}
	return map[string][]string{
		"Query":                                 {"node", "repository", "rateLimit", "viewer"},
		"Mutation":                              {"minimizeComment", "unminimizeComment", "resolveReviewThread", "unresolveReviewThread", "updatePullRequestReviewComment", "updateIssueComment"},
		"RateLimit":                             {"limit", "remaining", "used", "cost", "resetAt"},
		"Node":                                  {"id"},
		"Actor":                                 {"login"},
		"User":                                  {"id", "login"},
		"Bot":                                   {"id", "login"},
		"Organization":                          {"id", "login"},
		"Minimizable":                           {"isMinimized", "minimizedReason"},
		"Repository":                            {"id", "databaseId", "name", "nameWithOwner", "pullRequest"},
		"PullRequest":                           {"id", "databaseId", "number", "title", "state", "isDraft", "headRefOid", "baseRefName", "author", "reviewThreads", "comments"},
		"PullRequestReviewThread":               {"id", "isResolved", "isOutdated", "resolvedBy", "path", "line", "startLine", "subjectType", "comments"},
		"PullRequestReviewComment":              append(comment, "path", "outdated", "replyTo"),
		"IssueComment":                          comment,
		"PageInfo":                              {"endCursor", "hasNextPage", "hasPreviousPage", "startCursor"},
		"PullRequestReviewThreadConnection":     {"nodes", "pageInfo", "totalCount"},
		"PullRequestReviewCommentConnection":    {"nodes", "pageInfo", "totalCount"},
		"IssueCommentConnection":                {"nodes", "pageInfo", "totalCount"},
		"MinimizeCommentPayload":                {"clientMutationId", "minimizedComment"},
		"UnminimizeCommentPayload":              {"clientMutationId", "unminimizedComment"},
		"ResolveReviewThreadPayload":            {"clientMutationId", "thread"},
		"UnresolveReviewThreadPayload":          {"clientMutationId", "thread"},
		"UpdatePullRequestReviewCommentPayload": {"clientMutationId", "pullRequestReviewComment"},
		"UpdateIssueCommentPayload":             {"clientMutationId", "issueComment"},
	}
}

// graphQLSchema is GitHub's schema as far as the server knows it.
type graphQLSchema struct{ *ast.Schema }

func loadGraphQL() (*graphQLSchema, error) {
	text, err := gunzip(graphQLText)
	if err != nil {
		return nil, err
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	if err != nil {
		return nil, err
	}
	return &graphQLSchema{schema}, nil
}

// resolver gives the value of a field for its arguments.
type resolver func(args map[string]any) (any, error)

// query is one GraphQL request while it is being answered.
type query struct {
	*call
	variables map[string]any
	errors    []any
}

// serveGraphQL answers a query or mutation. What the schema does not allow is a violation. As on GitHub, most errors
// come with the status 200.
func (g *GitHub) serveGraphQL(w *answer, r *http.Request, body []byte) {
	q := &query{call: &call{g: g, request: r, body: body, resource: "graphql"}}
	w.header.Set("Content-Type", "application/json; charset=utf-8")
	err := q.identify(&route{}, w)
	if errors.Is(err, errExhausted) {
		w.writeGraphQL(nil, []any{object{"type": "RATE_LIMITED", "message": err.Error()}})
		return
	}
	if err != nil || q.who.account == nil {
		if err == nil {
			err = refuse(http.StatusUnauthorized, "This endpoint requires you to be authenticated.")
		}
		w.fail(g, r, err)
		return
	}
	op, err := q.parse(g.contract.graphQL)
	if err != nil {
		g.log.violation("GraphQL: %v", err)
		q.errors = append(q.errors, object{"message": err.Error()})
		w.writeGraphQL(nil, q.errors)
		return
	}
	var data object
	_ = g.locked(func() error {
		root := q.queries()
		if op.Operation == ast.Mutation {
			root = q.mutations()
		}
		data = q.selected(op.SelectionSet, root, nil)
		return nil
	})
	w.writeGraphQL(data, q.errors)
}

func (a *answer) writeGraphQL(data object, problems []any) {
	said := object{"data": data}
	if problems != nil {
		said["errors"] = problems
	}
	out, err := json.Marshal(said)
	if err != nil {
		a.refuse(refuse(http.StatusInternalServerError, "%v", err))
		return
	}
	a.body.Write(out)
}

// parse reads the request and holds it to the schema.
func (q *query) parse(schema *graphQLSchema) (*ast.OperationDefinition, error) {
	var in struct {
		Query         string         `json:"query"`
		Variables     map[string]any `json:"variables"`
		OperationName string         `json:"operationName"`
	}
	if err := json.Unmarshal(q.body, &in); err != nil {
		return nil, fmt.Errorf("the request is not JSON: %w", err)
	}
	doc, problems := gqlparser.LoadQueryWithRules(schema.Schema, in.Query, rules.NewDefaultRules())
	if problems != nil {
		return nil, problems
	}
	op := doc.Operations.ForName(in.OperationName)
	if op == nil {
		return nil, errors.New("no operation of that name")
	}
	values, err := validator.VariableValues(schema.Schema, op, in.Variables)
	q.variables = values
	return op, err
}

// selected picks the fields of a selection out of an object.
func (q *query) selected(set ast.SelectionSet, from object, path []any) object {
	out := make(object)
	for _, s := range set {
		switch v := s.(type) {
		case *ast.Field:
			if q.included(v.Directives) {
				add(out, v.Alias, q.field(v, from, append(path[:len(path):len(path)], v.Alias)))
			}
		case *ast.InlineFragment:
			if q.included(v.Directives) && q.applies(v.TypeCondition, from) {
				addAll(out, q.selected(v.SelectionSet, from, path))
			}
		case *ast.FragmentSpread:
			if q.included(v.Directives) && q.applies(v.Definition.TypeCondition, from) {
				addAll(out, q.selected(v.Definition.SelectionSet, from, path))
			}
		}
	}
	return out
}

// included asks the directives include and skip.
func (q *query) included(all ast.DirectiveList) bool {
	for _, d := range all {
		on, _ := d.ArgumentMap(q.variables)["if"].(bool)
		if d.Name == "include" && !on || d.Name == "skip" && on {
			return false
		}
	}
	return true
}

// applies reports whether an object is of a type, or of a type that implements it.
func (q *query) applies(kind string, from object) bool {
	is, _ := from["__typename"].(string)
	possible := q.g.contract.graphQL.PossibleTypes[kind]
	return kind == "" || kind == is || slices.ContainsFunc(possible, func(d *ast.Definition) bool { return d.Name == is })
}

// add puts a field where the same one may be already, selected in another place.
func add(out object, name string, value any) {
	old, isObject := out[name].(object)
	if more, ok := value.(object); ok && isObject {
		addAll(old, more)
		return
	}
	out[name] = value
}

func addAll(out, more object) {
	for name, value := range more {
		add(out, name, value)
	}
}

func (q *query) field(f *ast.Field, from object, path []any) any {
	value := from[f.Name]
	if resolve, ok := value.(resolver); ok {
		var err error
		if value, err = resolve(f.ArgumentMap(q.variables)); err != nil {
			q.problem(err, path)
			return nil
		}
	}
	switch v := value.(type) {
	case object:
		if v == nil {
			return nil
		}
		return q.selected(f.SelectionSet, v, path)
	case []object:
		items := []any{}
		for i, item := range v {
			items = append(items, q.selected(f.SelectionSet, item, append(path[:len(path):len(path)], i)))
		}
		return items
	}
	return value
}

func (q *query) problem(err error, path []any) {
	kind := "UNPROCESSABLE"
	var refused *refusal
	if errors.As(err, &refused) {
		switch refused.status {
		case http.StatusNotFound:
			kind = "NOT_FOUND"
		case http.StatusForbidden:
			kind = "FORBIDDEN"
		}
		err = errors.New(refused.message)
	}
	q.errors = append(q.errors, object{"type": kind, "path": path, "message": err.Error(), "locations": []any{}})
}

// connection is a list that is asked for in parts: the first or the last so many, after or before a cursor.
func connection(name string, items []object) resolver {
	return func(args map[string]any) (any, error) {
		first, last := number(args["first"]), number(args["last"])
		if first < 0 && last < 0 {
			return nil, unresolved("You must provide a `first` or `last` value to properly paginate the `%s` connection.", name)
		}
		if first > 100 || last > 100 {
			return nil, unresolved("Requesting %d records on the `%s` connection exceeds the `first` limit of 100 records.", max(first, last), name)
		}
		start, end := 0, len(items)
		if after, ok := args["after"].(string); ok {
			start = min(end, position(after)+1)
		}
		if before, ok := args["before"].(string); ok {
			end = max(start, min(end, position(before)))
		}
		if first >= 0 {
			end = min(end, start+first)
		}
		if last >= 0 {
			start = max(start, end-last)
		}
		info := object{"hasNextPage": end < len(items), "hasPreviousPage": start > 0, "startCursor": nil, "endCursor": nil}
		if end > start {
			info["startCursor"], info["endCursor"] = cursor(start), cursor(end-1)
		}
		return object{"nodes": items[start:end], "totalCount": len(items), "pageInfo": info}, nil
	}
}

// unresolved is what GitHub says of a field that it cannot resolve.
func unresolved(format string, args ...any) *refusal {
	return refuse(http.StatusUnprocessableEntity, format, args...)
}

func number(arg any) int {
	switch v := arg.(type) {
	case int64:
		return int(v)
	case float64:
		return int(v)
	case json.Number:
		n, _ := v.Int64() // the schema says that it is an integer
		return int(n)
	}
	return -1
}

func cursor(at int) string { return "cursor:" + strconv.Itoa(at) }

func position(cursor string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(cursor, "cursor:"))
	if err != nil {
		return -1
	}
	return n
}
