package githubtest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// hookSchema is the part of the published schemas of webhooks that Events names.
//
//go:embed contract/webhooks.json.gz
var hookSchema []byte

// Events are the webhooks that the server sends.
func Events() []string {
	return []string{
		"check_run", "check_suite", "installation", "installation_repositories", "issue_comment", "merge_group", "ping", "pull_request",
		"pull_request_review", "pull_request_review_comment", "push",
	}
}

// hookSchemas checks payloads: one schema for each event and action.
type hookSchemas struct{ byName map[string]*jsonschema.Schema }

const hookSchemaURL = "https://octokit.invalid/webhooks.json"

func loadHookSchemas() (*hookSchemas, error) {
	data, err := gunzip(hookSchema)
	if err != nil {
		return nil, err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	addPermissions(value)
	var all struct {
		Definitions map[string]json.RawMessage `json:"definitions"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	// The library takes the slash in "{/number}" for the end of the braces' text.
	compiler.RegisterFormat(&jsonschema.Format{Name: "uri-template", Validate: func(any) error { return nil }})
	if err := compiler.AddResource(hookSchemaURL, value); err != nil {
		return nil, err
	}
	s := &hookSchemas{byName: make(map[string]*jsonschema.Schema)}
	for _, name := range slices.Sorted(maps.Keys(all.Definitions)) {
		if !strings.Contains(name, "$") {
			continue
		}
		if s.byName[name], err = compiler.Compile(hookSchemaURL + "#/definitions/" + name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// laterPermissions are those of Apps that the published schemas are too old for, though GitHub's REST description has them.
var laterPermissions = []string{"attestations"}

// addPermissions adds them wherever the schemas list an App's permissions.
func addPermissions(schema any) {
	switch at := schema.(type) {
	case []any:
		for _, item := range at {
			addPermissions(item)
		}
	case map[string]any:
		if known, ok := at["properties"].(map[string]any); ok && known["pull_requests"] != nil && known["checks"] != nil {
			for _, name := range laterPermissions {
				known[name] = map[string]any{"enum": []any{"read", "write"}}
			}
		}
		for _, item := range at {
			addPermissions(item)
		}
	}
}

// check returns what of a payload is not as published.
func (s *hookSchemas) check(event string, payload []byte) error {
	var about struct {
		Action string `json:"action"`
	}
	if err := json.Unmarshal(payload, &about); err != nil {
		return err
	}
	name := event + "$" + about.Action
	if about.Action == "" {
		name = event + "$event"
	}
	schema := s.byName[name]
	if schema == nil {
		return fmt.Errorf("no such event is published")
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}
