package terraform

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// render reads a module of files.
func render(t testing.TB, files map[string]string) (*manifests.Rendering, error) {
	t.Helper()
	tree, root := map[string][]byte{}, manifests.Root{Path: ".", Kind: manifests.Terraform, Dir: "."}
	for name, text := range files {
		tree[name] = []byte(text)
		root.Files = append(root.Files, name)
	}
	memory, err := source.Memory(tree, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return Renderer{}.Render(t.Context(), memory, root, manifests.Settings{Lines: true})
}

// find returns the field of an object, with the lines of its origin.
func find(t *testing.T, r *manifests.Rendering, kind, name, path string) (manifests.Field, string) {
	t.Helper()
	for _, o := range r.Objects {
		if o.Kind == kind && o.Name == name {
			origin, ok := o.OriginAt(path)
			var places []string
			for _, f := range origin {
				places = append(places, fmt.Sprintf("%s:%d:%d", f.Span.File, f.Span.Line, f.Span.Column))
			}
			if !ok {
				t.Errorf("%s %s has no %s:\n%s", kind, name, path, o.Raw)
			}
			return o.Lookup(path), strings.Join(places, " ")
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return manifests.Field{}, ""
}

const network = `variable "cidrs" {
  default = ["0.0.0.0/0"]
}
variable "unset" {}
variable "given" { default = "a" }
locals {
  ports = { http = 80, https = 443 }
  open  = concat(var.cidrs, [var.unset])
  loop  = local.loop
}
resource "aws_security_group" "web" {
  name = "web-${var.given}"
  dynamic "ingress" {
    for_each = local.ports
    content {
      from_port   = ingress.value
      description = ingress.key
      cidr_blocks = var.cidrs
    }
  }
  ingress {
    cidr_blocks = local.open
    from_port   = -1
  }
  tags = merge({ Name = "web" }, var.unset)
}
resource "aws_security_group_rule" "each" {
  for_each    = toset(["10.0.0.0/8", "0.0.0.0/0"])
  cidr_blocks = [each.value]
  type        = "in" == "in" ? "ingress" : "egress"
}
resource "aws_none" "none" { count = 0 }
resource "aws_loop" "loop" {
  x = local.loop
  y = [for p in local.ports : p if p == 443]
  z = jsonencode({ Statement = [{ Action = "*" }] })
  w = aws_subnet.private[*].id
}
`

// TestValues holds what expressions come to, and where it is said to be from.
func TestValues(t *testing.T) {
	t.Parallel()
	r, err := render(t, map[string]string{
		"main.tf": network, "x.auto.tfvars": "given = \"b\"\n",
		"more.tf.json": `{"resource": {"aws_vpc": {"main": {"cidr_block": "${var.given}", "tags": {"a": "b"}, "n": 3}}}}`,
	})
	if err != nil || len(r.Failed) > 0 {
		t.Fatal(err, r.Failed)
	}
	for _, want := range []struct{ kind, name, path, value, places string }{
		{"aws_security_group", "web", "body.name", "web-b", "main.tf:12:3"},
		{"aws_security_group", "web", "body.ingress[0].from_port", "80", "main.tf:7:13 main.tf:16:7"},
		{"aws_security_group", "web", "body.ingress[1].description", "https", "main.tf:17:7"},
		{"aws_security_group", "web", "body.ingress[1].cidr_blocks[0]", "0.0.0.0/0", "main.tf:2:14 main.tf:18:7"},
		{"aws_security_group", "web", "body.ingress[2].cidr_blocks[0]", "0.0.0.0/0", "main.tf:2:14 main.tf:8:11 main.tf:22:5"},
		{"aws_security_group", "web", "body.ingress[2].cidr_blocks[1]", "${var.unset}", "main.tf:8:30 main.tf:8:11 main.tf:22:5"},
		{"aws_security_group", "web", "body.ingress[2].from_port", "-1", "main.tf:23:5"},
		{"aws_security_group", "web", "body.tags.Name", "web", "main.tf:25:18 main.tf:25:10"},
		{"aws_security_group", "web", "body.tags[${}]", "${}", "main.tf:25:3"},
		{"aws_security_group_rule", `each["0.0.0.0/0"]`, "body.cidr_blocks[0]", "0.0.0.0/0", "main.tf:28:38 main.tf:29:18"},
		{"aws_security_group_rule", `each["10.0.0.0/8"]`, "body.type", "ingress", "main.tf:30:3"},
		{"aws_loop", "loop", "body.x", "${local.loop}", "main.tf:9:3 main.tf:34:3"},
		{"aws_loop", "loop", "body.y[0]", "443", ""},
		{"aws_loop", "loop", "body.z.Statement[0].Action", "*", "main.tf:36:35"},
		{"aws_loop", "loop", "body.w", "${aws_subnet.private}", "main.tf:37:3"},
		{"aws_vpc", "main", "body.cidr_block", "b", ""},
		{"aws_vpc", "main", "body.n", "3", "more.tf.json:1:86"},
		{"variable", "cidrs", "body.default[0]", "0.0.0.0/0", "main.tf:2:14"},
		{"tfvars", "x.auto.tfvars", "body.given", "b", "x.auto.tfvars:1:1"},
	} {
		got, places := find(t, r, want.kind, want.name, want.path)
		if got.Text() != want.value || want.places != "" && places != want.places {
			t.Errorf("%s of %s is %q from %s, want %q from %s", want.path, want.name, got.Text(), places, want.value, want.places)
		}
	}
	for _, o := range r.Objects {
		if o.Kind == "aws_none" {
			t.Error("a resource with count = 0 is there")
		}
	}
}

// TestHostile holds that what would take too much is refused by name, and soon.
func TestHostile(t *testing.T) {
	t.Parallel()
	var laughs, texts, lists strings.Builder
	for i := range 60 {
		fmt.Fprintf(&laughs, "locals {\n l%d = { for k in [1, 2, 3, 4] : k => local.l%d }\n}\n", i+1, i)
		fmt.Fprintf(&texts, "locals {\n t%d = \"${local.t%d}${local.t%d}\"\n}\n", i+1, i, i)
		fmt.Fprintf(&lists, "locals {\n c%d = concat(local.c%d, local.c%d)\n}\n", i+1, i, i)
	}
	use := func(name string) string { return "resource \"a\" \"b\" {\n x = local." + name + "\n}\n" }
	for name, test := range map[string]struct{ text, want string }{
		"brackets":   {"x = " + strings.Repeat("[", 200_000), "is nested deeper than 100 levels"},
		"templates":  {"x = " + strings.Repeat(`"${`, 100_000), "is nested deeper than 100 levels"},
		"conditions": {"x = " + strings.Repeat("a ? b : ", 50_000) + "c", "is nested deeper than 100 levels"},
		"signs":      {"x = " + strings.Repeat("!", 500_000) + "a", "is nested deeper than 100 levels"},
		"size":       {strings.Repeat("# all the same\n", 1<<17), "holds more than 1 MiB"},
		"laughs":     {"locals {\n l0 = 1\n}\n" + laughs.String() + use("l30"), "comes to more than 300000 values"},
		"texts":      {"locals {\n t0 = \"ha\"\n}\n" + texts.String() + use("t30"), "makes a text of more than 1 MiB"},
		"lists":      {"locals {\n c0 = [1]\n}\n" + lists.String() + use("c30"), "comes to more than 300000 values"},
		"keys":       {"resource \"a\" \"b\" {\n x = { for k in [" + strings.Repeat("1,", 200_000) + "] : uuid() => k }\n}\n", ""},
		"numbers":    {"resource \"a\" \"b\" {\n x = 1e999999999\n y = -1e-999999999\n}\n", ""},
		"no HCL":     {"resource {{ .Values.x }}", "is no valid Terraform"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			r, err := render(t, map[string]string{"a.tf": test.text})
			var failed *manifests.RenderError
			if !errors.As(err, &failed) && err == nil && len(r.Failed) > 0 {
				failed = r.Failed[0]
			}
			if test.want != "" && (failed == nil || !strings.Contains(failed.Reason, test.want)) {
				t.Errorf("got %v, want one that says it %s", failed, test.want)
			}
			if took := time.Since(start); took > 2*time.Minute {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// FuzzRender holds that no text makes the renderer fail other than by name, and that origins fit the objects.
func FuzzRender(f *testing.F) {
	f.Add(network, false)
	f.Add(`{"resource": {"a": {"b": [{"c": "${x ? y : [1]}"}]}}, "locals": {"d": null}}`, true)
	f.Add("resource \"a\" \"b\" { x = [for a in {}: a...]\n y = a[*].b\n z = <<-E\n ${a}\nE\n}", false)
	f.Fuzz(func(t *testing.T, text string, asJSON bool) {
		name := "a.tf"
		if asJSON {
			name = "a.tf.json"
		}
		r, err := render(t, map[string]string{name: text})
		var failed *manifests.RenderError
		if err != nil {
			if !errors.As(err, &failed) {
				t.Fatal(err)
			}
			return
		}
		for _, o := range r.Objects {
			fields := 0
			o.Walk(func(manifests.Field) { fields++ })
			if fields != len(o.Origins) {
				t.Fatalf("%d fields have %d origins:\n%s", fields, len(o.Origins), o.Raw)
			}
		}
	})
}
