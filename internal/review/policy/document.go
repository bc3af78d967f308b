// Package policy reads policy files: strictly, layer over layer, with the line of every mistake.
//
// A repository's .github/landwaiter.yaml lies over its organisation's and that over the server's. What a layer
// says of a rule replaces what lower layers say of that rule; exemptions and acknowledgements add up; of every
// other key the uppermost layer that has it counts.
package policy

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is a policy file as it is written. Its fields and their comments are what Schema publishes.
type document struct {
	Kubernetes  yaml.Node            `yaml:"kubernetes"`
	Helm        yaml.Node            `yaml:"helm"`
	Rules       map[string]yaml.Node `yaml:"rules"`
	Profile     string               `yaml:"profile"`
	Images      *imagesSection       `yaml:"images"`
	Roots       *rootsSection        `yaml:"roots"`
	Exemptions  []exemption          `yaml:"exemptions"`
	Annotations bool                 `yaml:"annotations"`
	Workloads   []workload           `yaml:"workloads"`
	Charts      *allowSection        `yaml:"charts"`
	Bases       *allowSection        `yaml:"bases"`
	Gate        *gateSection         `yaml:"gate"`
	Checks      []string             `yaml:"checks"`
	Acknowledge []acknowledgement    `yaml:"acknowledge"`
}

type imagesSection struct {
	Allow       []string    `yaml:"allow"`
	Deny        []string    `yaml:"deny"`
	Platforms   []string    `yaml:"platforms"`
	Registries  []registry  `yaml:"registries"`
	TrustedRoot string      `yaml:"trustedRoot"`
	Verify      []yaml.Node `yaml:"verify"`
	Moving      []string    `yaml:"moving"`
}

type registry struct {
	Host      string `yaml:"host"`
	Private   bool   `yaml:"private"`
	PlainHTTP bool   `yaml:"plainHTTP"`
}

type rootsSection struct {
	Include []string       `yaml:"include"`
	Ignore  []string       `yaml:"ignore"`
	Kops    []kopsTemplate `yaml:"kops"`
	Helm    []chart        `yaml:"helm"`
}

type kopsTemplate struct {
	Template string   `yaml:"template"`
	Values   []string `yaml:"values"`
	Snippets string   `yaml:"snippets"`
}

type chart struct {
	Chart     string   `yaml:"chart"`
	Values    []string `yaml:"values"`
	Release   string   `yaml:"release"`
	Namespace string   `yaml:"namespace"`
}

type exemption struct {
	Rule   string    `yaml:"rule"`
	Object string    `yaml:"object"`
	Root   string    `yaml:"root"`
	Reason string    `yaml:"reason"`
	Until  yaml.Node `yaml:"until"`
	By     string    `yaml:"by"`
}

type workload struct {
	Kind string `yaml:"kind"`
	Path string `yaml:"path"`
}

type allowSection struct {
	Allow []string `yaml:"allow"`
}

type gateSection struct {
	FailOn          string `yaml:"failOn"`
	OnIndeterminate string `yaml:"onIndeterminate"`
	OnRenderFailure string `yaml:"onRenderFailure"`
}

type acknowledgement struct {
	Rules     []string `yaml:"rules"`
	By        []string `yaml:"by"`
	NotAuthor bool     `yaml:"notAuthor"`
}

// Mistake is what is wrong in a policy file, and where.
type Mistake struct {
	File   string
	Line   int // 0 when unknown
	Reason string
}

// Error returns "file:line: reason".
func (m *Mistake) Error() string {
	if m.Line == 0 {
		return m.File + ": " + m.Reason
	}
	return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Reason)
}

var (
	unknownKey = regexp.MustCompile(`^line (\d+): field (\S+) not found in type`)
	wrongType  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
)

// decode reads a file's text. Every mistake that YAML decoding finds is reported, each with its line.
func decode(file string, text []byte) (*document, *yaml.Node, error) {
	var doc document
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	err := decoder.Decode(&doc)
	if err == nil || errors.Is(err, io.EOF) {
		var root yaml.Node
		if err := yaml.Unmarshal(text, &root); err != nil {
			return nil, nil, &Mistake{File: file, Reason: err.Error()}
		}
		return &doc, &root, nil
	}
	var many *yaml.TypeError
	if !errors.As(err, &many) {
		return nil, nil, mistake(file, err.Error())
	}
	var mistakes []error
	for _, text := range many.Errors {
		mistakes = append(mistakes, mistake(file, text))
	}
	return nil, nil, errors.Join(mistakes...)
}

// mistake puts the YAML library's words into ours.
func mistake(file, text string) error {
	var line int
	if m := unknownKey.FindStringSubmatch(text); m != nil {
		fmt.Sscan(m[1], &line)
		return &Mistake{File: file, Line: line, Reason: fmt.Sprintf("unknown key %q (\"landwaiter policy schema\" lists the keys)", m[2])}
	}
	if m := wrongType.FindStringSubmatch(text); m != nil {
		fmt.Sscan(m[1], &line)
		return &Mistake{File: file, Line: line, Reason: m[2]}
	}
	return &Mistake{File: file, Reason: strings.TrimPrefix(text, "yaml: ")}
}
