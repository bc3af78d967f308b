package gitops

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// maxTemplate caps a text that is read as a template here, in bytes.
const maxTemplate = 64 << 10

// own are the functions of Argo CD's templates that Helm's do not have, as templates that do what they do ("Go Template").
const own = `{{ define "argocd.normalize" }}{{ trimAll "-." (trunc 253 (regexReplaceAll "[^-a-z0-9.]" (lower .) "-")) }}{{ end }}
{{ define "argocd.slugify" }}{{ $smart := false }}{{ $most := 50 }}{{ $name := include "argocd.normalize" (last .) -}}
{{ if gt (len .) 1 }}{{ $most = int (first .) }}{{ end }}{{ if gt (len .) 2 }}{{ $smart = index . 1 }}{{ end -}}
{{ if not $smart }}{{ $name = trunc $most $name }}{{ end -}}
{{ $name = trimAll "-_" (regexReplaceAll "-+" (regexReplaceAll "[^a-zA-Z0-9_-]" $name "-") "-") -}}
{{ if and $smart (gt (len $name) $most) }}{{ $whole := regexFind "^.*-" (trunc (int (add 1 $most)) $name) -}}
{{ $name = ternary (trimSuffix "-" $whole) (trunc $most $name) (ne $whole "") }}{{ end }}{{ $name }}{{ end }}
`

// ownName finds the name of such a function in a text.
var ownName = regexp.MustCompile(`\b(normalize|slugify)\b`)

// parsed reads a text as a template, whatever functions it calls.
func parsed(text string) (*parse.Tree, error) {
	if len(text) > maxTemplate {
		return nil, errFilled
	}
	t := parse.New("text")
	t.Mode = parse.SkipFuncCheck
	if _, err := t.Parse(text, "", "", map[string]*parse.Tree{}); err != nil {
		return nil, fmt.Errorf("a template of it cannot be read: %s", manifests.Discreet(err.Error()))
	}
	return t, nil
}

// pipes visits the pipelines of a template, those in others too, each before those in it.
func pipes(n parse.Node, visit func(*parse.PipeNode)) {
	branch := func(b *parse.BranchNode) {
		pipes(b.Pipe, visit)
		pipes(b.List, visit)
		if b.ElseList != nil {
			pipes(b.ElseList, visit)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, below := range n.Nodes {
			pipes(below, visit)
		}
	case *parse.ActionNode:
		pipes(n.Pipe, visit)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			pipes(n.Pipe, visit)
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.PipeNode:
		visit(n)
		for _, command := range n.Cmds {
			for _, arg := range command.Args {
				if chain, ok := arg.(*parse.ChainNode); ok {
					arg = chain.Node
				}
				if below, ok := arg.(*parse.PipeNode); ok {
					pipes(below, visit)
				}
			}
		}
	}
}

// withOwn is a template in which the functions of Argo CD's own are calls of the templates that do what they do.
func withOwn(text string) (string, error) {
	if !ownName.MatchString(text) {
		return text, nil
	}
	t, err := parsed(text)
	if err != nil {
		return "", err
	}
	pipes(t.Root, func(p *parse.PipeNode) {
		var all []*parse.CommandNode
		for _, command := range p.Cmds {
			all = append(all, ownCall(t, command)...)
		}
		p.Cmds = all
	})
	return t.Root.String(), nil
}

// ownCall is a call of a function of Argo CD's own as commands: the arguments as a list, and a template that takes it.
func ownCall(t *parse.Tree, command *parse.CommandNode) []*parse.CommandNode {
	called, ok := command.Args[0].(*parse.IdentifierNode)
	if !ok || !ownName.MatchString(called.Ident) {
		return []*parse.CommandNode{command}
	}
	word := func(name string) parse.Node { return parse.NewIdentifier(name).SetTree(t).SetPos(command.Pos) }
	list := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: command.Pos, Args: append([]parse.Node{word("list")}, command.Args[1:]...)}
	name := "argocd." + called.Ident
	include := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: command.Pos, Args: []parse.Node{word("include"),
		&parse.StringNode{NodeType: parse.NodeString, Pos: command.Pos, Quoted: fmt.Sprintf("%q", name), Text: name}}}
	if called.Ident == "normalize" {
		last := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: command.Pos, Args: []parse.Node{word("last")}}
		return []*parse.CommandNode{list, last, include}
	}
	return []*parse.CommandNode{list, include}
}

// errTooLong is a template's result beyond the limit.
var errTooLong = errors.New("a template of it becomes too long")

// linear are the functions that a generator's texts may call: those of which none makes much of little.
func linear() template.FuncMap {
	escaped := func(text string, err error) (string, error) { // each escape of an escaped text doubles it
		if len(text) > maxTemplate {
			return "", errTooLong
		}
		return text, err
	}
	toText := func(v any) (string, error) {
		text, err := json.Marshal(v)
		return escaped(string(text), err)
	}
	trimmed := func(trim func(s, what string) string) func(what, s string) string {
		return func(what, s string) string { return trim(s, what) }
	}
	return template.FuncMap{
		"toJson": toText, "mustToJson": toText, "toYaml": toText, "lower": strings.ToLower, "upper": strings.ToUpper, "trim": strings.TrimSpace,
		"normalize": normal, "trimPrefix": trimmed(strings.TrimPrefix), "trimSuffix": trimmed(strings.TrimSuffix), "trimAll": trimmed(strings.Trim),
		"quote": func(v any) (string, error) { return escaped(fmt.Sprintf("%q", fmt.Sprint(v)), nil) },
		"default": func(other, v any) any {
			if v == nil || v == "" {
				return other
			}
			return v
		},
		"replace": func(old, with, s string) (string, error) {
			if old == "" || len(s)/len(old)*len(with) > maxTemplate {
				return "", errTooLong
			}
			return strings.ReplaceAll(s, old, with), nil
		},
		"splitList": func(at, s string) []any {
			var parts []any
			for _, part := range strings.Split(s, at) {
				parts = append(parts, part)
			}
			return parts
		},
		"join": func(by string, list []any) (string, error) {
			if len(by)*len(list) > maxTemplate {
				return "", errTooLong
			}
			var parts []string
			for _, part := range list {
				parts = append(parts, fmt.Sprint(part))
			}
			return strings.Join(parts, by), nil
		},
	}
}

// execute puts parameters into a text of a generator that is a template of Go. It takes time in the length of the text: one
// with loops, or functions that are not known to be harmless, is left as it is, which is said.
func (g *generation) execute(text string, says map[string]any) (string, error) {
	t, err := parsed(text)
	if err != nil || !strings.Contains(text, "{{") {
		return text, err
	}
	functions := linear()
	plain, calls := true, 0
	for _, n := range t.Root.Nodes {
		plain = plain && (n.Type() == parse.NodeText || n.Type() == parse.NodeAction)
	}
	pipes(t.Root, func(p *parse.PipeNode) {
		plain = plain && len(p.Decl) == 0
		for _, command := range p.Cmds {
			for _, arg := range command.Args {
				calls++
				if word, ok := arg.(*parse.IdentifierNode); ok {
					plain = plain && (functions[word.Ident] != nil || word.Ident == "index" || word.Ident == "len")
				}
			}
		}
	})
	if !plain {
		g.note("a generator of ApplicationSet %s is a template that calls what is not evaluated in generators: it finds what its text names as it is", g.set.Name)
		return text, nil
	}
	if err := g.spend(calls * (1 + sizeOf(says)/512)); err != nil { // each may go through all of them
		return "", err
	}
	out := &bounded{}
	made, err := template.New("text").Funcs(functions).Option("missingkey=" + g.missing()).Parse(text)
	if err == nil {
		err = made.Execute(out, says)
	}
	if err != nil {
		return "", fmt.Errorf("a template in a generator of ApplicationSet %s cannot be executed: %s", g.set.Name, manifests.Discreet(err.Error()))
	}
	return out.text.String(), g.made(out.text.Len())
}

// bounded takes no more than what one ApplicationSet may become.
type bounded struct{ text strings.Builder }

// Write implements io.Writer. The error is errTooLong.
func (b *bounded) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > maxFilled {
		return 0, errTooLong
	}
	return b.text.Write(p)
}

// sizeOf is about how many bytes parameters have.
func sizeOf(value any) (size int) {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			size += len(key) + sizeOf(below)
		}
	case []any:
		for _, below := range v {
			size += sizeOf(below)
		}
	case string:
		size = len(v)
	}
	return size + 8
}

// missing is what becomes of parameters that there are not, of which a template uses some: "error", "zero" or "default".
func (g *generation) missing() string {
	for _, option := range slices.Backward(g.set.Field().Get("spec", "goTemplateOptions").Items()) {
		if says, ok := strings.CutPrefix(option.Text(), "missingkey="); ok && slices.Contains([]string{"error", "zero", "default", "invalid"}, says) {
			return says
		}
	}
	return "default"
}

// unset is a parameter that a template uses whatever happens, and that is not there; "" when there is none. Loops and
// conditions are not looked into.
func unset(t *parse.Tree, says map[string]any) (missing string) {
	for _, n := range t.Root.Nodes {
		if n.Type() != parse.NodeAction {
			continue
		}
		pipes(n, func(p *parse.PipeNode) {
			for _, command := range p.Cmds {
				if word, ok := command.Args[0].(*parse.IdentifierNode); ok && (word.Ident == "and" || word.Ident == "or") {
					continue
				}
				for _, arg := range command.Args {
					if field, ok := arg.(*parse.FieldNode); ok && missing == "" && !has(says, field.Ident) {
						missing = strings.Join(field.Ident, ".")
					}
				}
			}
		})
	}
	return missing
}

// has reports whether parameters have one of a name. Below what is no mapping everything may be.
func has(says map[string]any, keys []string) bool {
	for _, key := range keys {
		value, ok := says[key]
		if !ok {
			return false
		}
		if says, ok = value.(map[string]any); !ok {
			return true
		}
	}
	return true
}
