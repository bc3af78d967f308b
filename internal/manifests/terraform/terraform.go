// Package terraform reads modules of Terraform and OpenTofu: the *.tf, *.tf.json, *.tofu and *.tfvars files of a
// directory. A module makes no objects of Kubernetes. Its blocks become objects all the same, so that rules judge them,
// the change is compared, and findings stand on lines as everywhere:
//
//	resource "aws_security_group" "web" {…}  →  apiVersion: resource.terraform/v1, kind: aws_security_group, metadata.name: web
//	data     "aws_iam_policy_document" "x"   →  apiVersion: data.terraform/v1, …
//	variable "cidrs", module "vpc", provider →  apiVersion: variable.terraform/v1, kind: variable, …
//	prod.tfvars                              →  apiVersion: tfvars.terraform/v1, kind: tfvars, metadata.name: prod.tfvars
//
// Arguments stand below "body"; blocks within a block are a list below their type, be there one or several. What can be
// known without running Terraform is filled in: variables by their defaults and by *.auto.tfvars, locals, the functions
// on lists and maps, for_each and dynamic blocks. What cannot is a text "${…}" with the names of what it depends on,
// and a map that is not known as a whole has such a key. Nothing is fetched, and nothing but the files is read.
package terraform

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Caps of what one module may hold.
const (
	maxFileBytes   = 1 << 20
	maxModuleBytes = 16 << 20
	maxValues      = 300_000 // values, those counted again that a reference repeats
	maxTextBytes   = 16 << 20
	maxObjects     = 10_000
	maxDepth       = 64 // references and expressions in each other
)

// Renderer reads roots of kind Terraform. It has no state.
type Renderer struct{}

// Render reads the module of root.Files. Files that are not valid are named in Failed, the others go on. The error is a
// *manifests.RenderError when the module is larger than what is looked at.
func (Renderer) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, error) {
	m := newModule()
	rendering := &manifests.Rendering{Root: root}
	size := 0
	for _, file := range root.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		text, err := tree.ReadFile(file)
		if err != nil {
			rendering.Failed = append(rendering.Failed, failure(file, 0, "cannot be read: "+err.Error()))
			continue
		}
		if size += len(text); size > maxModuleBytes {
			return nil, failure(file, 0, "the module's files hold more than 16 MiB: it is not reviewed")
		}
		body, failed := parse(file, text)
		if failed != nil {
			rendering.Failed = append(rendering.Failed, failed)
			continue
		}
		m.add(file, body)
	}
	for _, made := range m.blocks() {
		o, err := m.finish(made, settings.Lines)
		if m.over != "" {
			break
		}
		if err != nil {
			return nil, err
		}
		rendering.Objects = append(rendering.Objects, o)
	}
	if m.over != "" {
		return nil, failure(root.Files[0], 0, "the module "+m.over+": it is not reviewed")
	}
	return rendering, nil
}

func failure(file string, line int, reason string) *manifests.RenderError {
	return &manifests.RenderError{Reason: reason, Span: source.Span{File: file, Line: line, EndLine: line}}
}

// made is a block on its way to an object.
type made struct {
	class, kind, name string
	body              *value
	at                manifests.Frame
}

// finish writes the block as an object.
func (m *module) finish(b made, lines bool) (*manifests.Object, error) {
	text := func(s string) *value { return &value{tag: stringTag, text: s} }
	whole := mapping("apiVersion", text(b.class+".terraform/v1"), "kind", text(b.kind), "metadata", mapping("name", text(b.name)), "body", b.body)
	w := writer{module: m}
	node := w.write(whole, manifests.Origin{b.at})
	if m.over != "" {
		return nil, nil
	}
	var raw bytes.Buffer
	encoder := yaml.NewEncoder(&raw)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return nil, fmt.Errorf("block %s of Terraform as YAML: %w", b.kind, err)
	}
	o, err := manifests.NewObject(raw.Bytes())
	if err != nil {
		return nil, failure(b.at.Span.File, b.at.Span.Line, "the block cannot be reviewed: "+err.Error())
	}
	if lines {
		o.Origins = w.origins
	}
	return o, nil
}

// isVariables reports whether a file holds values of variables, and whether Terraform takes them by itself.
func isVariables(file string) (is, auto bool) {
	name := strings.TrimSuffix(path.Base(file), ".json")
	return strings.HasSuffix(name, ".tfvars"), name == "terraform.tfvars" || strings.HasSuffix(name, ".auto.tfvars")
}
