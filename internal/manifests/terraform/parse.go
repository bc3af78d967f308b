package terraform

import (
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// maxNesting is how deep brackets may lie in each other. The parser goes as deep in calls.
const maxNesting = 100

// parse reads a file in Terraform's language or in JSON.
func parse(file string, text []byte) (body *hclsyntax.Body, failed *manifests.RenderError) {
	defer func() {
		if recover() != nil { // a bug of the parser: it has had some
			body, failed = nil, failure(file, 0, "cannot be read as Terraform: the parser failed")
		}
	}()
	switch {
	case len(text) > maxFileBytes:
		return nil, failure(file, 0, "holds more than 1 MiB: it is not reviewed")
	case path.Ext(file) == ".json":
		return parseJSON(file, text)
	}
	if line := tooDeep(file, text); line > 0 {
		return nil, failure(file, line, "is nested deeper than 100 levels: it is not reviewed")
	}
	parsed, diagnostics := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
	if errs := diagnostics.Errs(); len(errs) > 0 {
		line, what := 0, "error"
		if diagnostic, ok := errs[0].(*hcl.Diagnostic); ok {
			what = diagnostic.Summary // its detail may repeat what is written
			if diagnostic.Subject != nil {
				line = diagnostic.Subject.Start.Line
			}
		}
		return nil, failure(file, line, "is no valid Terraform: "+what)
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return nil, failure(file, 0, "is no valid Terraform")
	}
	return body, nil
}

// tooDeep returns the line on which brackets, templates, conditions or signs lie too deep in each other, 0 for none.
func tooDeep(file string, text []byte) int {
	tokens, _ := hclsyntax.LexConfig(text, file, hcl.InitialPos)
	depth, brackets, chained := 0, 0, 0
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOParen, hclsyntax.TokenOBrack:
			depth++
			brackets++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCParen, hclsyntax.TokenCBrack:
			depth--
			brackets--
		case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc:
			depth++
		case hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc:
			depth--
		case hclsyntax.TokenQuestion, hclsyntax.TokenBang, hclsyntax.TokenMinus:
			chained++
		case hclsyntax.TokenNewline, hclsyntax.TokenComma:
			chained = 0
		}
		if depth > maxNesting || chained > maxNesting {
			return token.Range.Start.Line
		}
	}
	return 0
}

// parseJSON reads Terraform's JSON syntax, which has the same meaning: blocks are mappings by their labels, and texts are
// templates.
func parseJSON(file string, text []byte) (*hclsyntax.Body, *manifests.RenderError) {
	node, err := manifests.ParseYAML(text)
	if err != nil || node == nil || node.Kind != yaml.MappingNode {
		return nil, failure(file, 0, "is no valid JSON of Terraform")
	}
	j := jsonReader{file}
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}
	if is, _ := isVariables(file); is {
		return j.body(node), nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		class := node.Content[i].Value
		labels, known := map[string]int{"resource": 2, "data": 2, "variable": 1, "module": 1, "provider": 1, "locals": 0}[class]
		if known {
			body.Blocks = append(body.Blocks, j.blocks(class, node.Content[i], node.Content[i+1], labels, nil)...)
		}
	}
	return body, nil
}

// jsonReader makes of JSON what the parser of the native syntax would.
type jsonReader struct{ file string }

func (j jsonReader) span(n *yaml.Node) hcl.Range {
	start := hcl.Pos{Line: n.Line, Column: n.Column}
	return hcl.Range{Filename: j.file, Start: start, End: start}
}

func (j jsonReader) blocks(class string, at, n *yaml.Node, labels int, named []string) (blocks hclsyntax.Blocks) {
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			blocks = append(blocks, j.blocks(class, at, item, labels, named)...)
		}
		return blocks
	}
	if n.Kind != yaml.MappingNode {
		return nil
	}
	if labels == 0 {
		return hclsyntax.Blocks{{Type: class, Labels: named, Body: j.body(n), TypeRange: j.span(at)}}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := append(append([]string{}, named...), n.Content[i].Value)
		blocks = append(blocks, j.blocks(class, n.Content[i], n.Content[i+1], labels-1, name)...)
	}
	return blocks
}

func (j jsonReader) body(n *yaml.Node) *hclsyntax.Body {
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		body.Attributes[key.Value] = &hclsyntax.Attribute{Name: key.Value, Expr: j.expression(n.Content[i+1]), NameRange: j.span(key)}
	}
	return body
}

func (j jsonReader) expression(n *yaml.Node) hclsyntax.Expression {
	at := j.span(n)
	switch n.Kind {
	case yaml.MappingNode:
		object := &hclsyntax.ObjectConsExpr{SrcRange: at}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := &hclsyntax.LiteralValueExpr{Val: cty.StringVal(n.Content[i].Value), SrcRange: j.span(n.Content[i])}
			object.Items = append(object.Items, hclsyntax.ObjectConsItem{KeyExpr: key, ValueExpr: j.expression(n.Content[i+1])})
		}
		return object
	case yaml.SequenceNode:
		list := &hclsyntax.TupleConsExpr{SrcRange: at}
		for _, item := range n.Content {
			list.Exprs = append(list.Exprs, j.expression(item))
		}
		return list
	}
	literal := &hclsyntax.LiteralValueExpr{Val: scalar(n), SrcRange: at}
	if n.Tag == stringTag && strings.Contains(n.Value, "{") && tooDeep(j.file, []byte(n.Value)) == 0 {
		if expr, diagnostics := hclsyntax.ParseTemplate([]byte(n.Value), j.file, at.Start); !diagnostics.HasErrors() {
			return expr
		}
	}
	return literal
}

// scalar is the value of a scalar of JSON.
func scalar(n *yaml.Node) cty.Value {
	switch n.Tag {
	case nullTag:
		return cty.NullVal(cty.DynamicPseudoType)
	case boolTag:
		return cty.BoolVal(n.Value == "true")
	case intTag, numberTag:
		if v, err := cty.ParseNumberVal(n.Value); err == nil && len(n.Value) < 40 {
			return v
		}
	}
	return cty.StringVal(n.Value)
}
