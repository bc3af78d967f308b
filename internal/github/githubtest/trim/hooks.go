package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// trimHookSchemas keeps the schemas of the events that the test GitHub sends, and what they refer to.
func trimHookSchemas(data []byte) error {
	var whole struct {
		Definitions map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(data, &whole); err != nil {
		return err
	}
	kept := make(map[string]any)
	var waiting []string
	for name := range whole.Definitions {
		if event, _, ok := strings.Cut(name, "$"); ok && slices.Contains(githubtest.Events(), event) {
			waiting = append(waiting, name)
		}
	}
	for len(waiting) > 0 {
		name := waiting[0]
		waiting = waiting[1:]
		if kept[name] != nil {
			continue
		}
		definition := whole.Definitions[name]
		if definition == nil {
			return fmt.Errorf("%s is not defined", name)
		}
		kept[name] = bare(definition, false)
		for _, ref := range references(kept[name]) {
			waiting = append(waiting, strings.TrimPrefix(ref, "#/definitions/"))
		}
	}
	out, err := json.Marshal(map[string]any{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": kept})
	if err != nil {
		return err
	}
	return writeZipped("webhooks.json.gz", out)
}

// leftOut are actions of pull requests that say nothing to the bot; labeled stands for them.
var leftOut = []string{"assigned", "unassigned", "locked", "unlocked", "unlabeled", "review_requested", "review_request_removed"}

// trimExamples writes the example payloads of the events that the bot handles, a file for each event and action: of
// several examples the shortest, since they differ in what the bot does not look at.
func trimExamples(data []byte, from source) error {
	var all []struct {
		Name     string            `json:"name"`
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	if err := os.MkdirAll(examplesDir, 0o755); err != nil {
		return err
	}
	for _, event := range all {
		if !slices.Contains(githubtest.Events(), event.Name) {
			continue
		}
		for name, example := range shortest(event.Name, event.Examples) {
			if slices.Contains(leftOut, strings.TrimPrefix(name, "pull_request.")) {
				continue
			}
			if err := writeExample(name, example); err != nil {
				return err
			}
		}
	}
	return writeSource(examplesDir, from)
}

func shortest(event string, examples []json.RawMessage) map[string]json.RawMessage {
	chosen := make(map[string]json.RawMessage)
	for _, example := range examples {
		var about struct {
			Action string `json:"action"`
		}
		name := event
		if json.Unmarshal(example, &about) == nil && about.Action != "" {
			name += "." + about.Action
		}
		if old := chosen[name]; old == nil || len(example) < len(old) {
			chosen[name] = example
		}
	}
	return chosen
}

func writeExample(name string, example json.RawMessage) error {
	var value any
	if err := json.Unmarshal(example, &value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	out, err := json.MarshalIndent(withoutLinks(value), "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(examplesDir, name+".json"), append(out, '\n'), 0o644)
}

// withoutLinks drops the addresses of other resources, which make up most of a payload.
func withoutLinks(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = withoutLinks(v[i])
		}
	case map[string]any:
		for name := range v {
			if link := strings.HasSuffix(name, "_url") && name != "html_url" && name != "clone_url"; link || name == "_links" {
				delete(v, name)
				continue
			}
			v[name] = withoutLinks(v[name])
		}
	}
	return value
}
