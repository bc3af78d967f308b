package edit_test

import (
	"errors"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests/edit"
)

const pod = `# a pod
apiVersion: v1
kind: Pod
metadata: {name: web}   # named
spec:
  securityContext:
  containers:
  - name: web
    image: "nginx:1.27" # pinned below
    securityContext: {privileged: true, runAsUser: 0}
    ports:
    - containerPort: 80
      hostPort: 80
  # the sidecar
  - image: log:1
    name: log
    args: [a, "b, c", d]

---
kind: ConfigMap
apiVersion: v1
`

func TestSet(t *testing.T) {
	tests := []struct {
		name  string
		at    edit.Place
		path  []string
		value any
		from  string // the run of text that changes
		to    string
	}{
		{"plain scalar in braces", edit.Place{Line: 10, Key: "privileged"}, nil, false, "{privileged: true,", "{privileged: false,"},
		{"quoted scalar", edit.Place{Line: 9, Key: "image"}, nil, "nginx:2", `"nginx:1.27" #`, `"nginx:2" #`},
		{"absent key in braces", edit.Place{Line: 10, Key: "securityContext"}, []string{"readOnlyRootFilesystem"}, true,
			"runAsUser: 0}", "runAsUser: 0, readOnlyRootFilesystem: true}"},
		{"absent key in a block", edit.Place{Line: 15}, []string{"tty"}, true, "\"b, c\", d]\n", "\"b, c\", d]\n    tty: true\n"},
		{"absent path in a block, before a comment", edit.Place{Line: 8}, []string{"resources", "limits"}, map[string]any{"memory": "1Gi"},
			"      hostPort: 80\n", "      hostPort: 80\n    resources:\n      limits:\n        memory: 1Gi\n"},
		{"value of a key without one", edit.Place{Line: 6, Key: "securityContext"}, []string{"runAsNonRoot"}, true,
			"  securityContext:\n", "  securityContext: {runAsNonRoot: true}\n"},
		{"list in braces", edit.Place{Line: 17, Key: "args"}, nil, []any{"x"}, `[a, "b, c", d]`, "[x]"},
		{"next item in brackets", edit.Place{Line: 17, Key: "args"}, []string{"[3]"}, "x: y", "c\", d]", "c\", d, 'x: y']"},
		{"next item of a block", edit.Place{Line: 7, Key: "containers"}, []string{"[2]"}, map[string]any{"name": "x"},
			"\"b, c\", d]\n", "\"b, c\", d]\n  - {name: x}\n"},
		{"whole object", edit.Place{Line: 20}, []string{"immutable"}, true, "apiVersion: v1\n", "apiVersion: v1\nimmutable: true\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edit.Set([]byte(pod), tt.at, tt.path, tt.value)
			if err != nil {
				t.Fatal(err)
			}
			if want := replaceLast(pod, tt.from, tt.to); string(got) != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	tests := []struct {
		name     string
		at       edit.Place
		path     []string
		from, to string
	}{
		{"key of a block", edit.Place{Line: 13, Key: "hostPort"}, nil, "      hostPort: 80\n", ""},
		{"first key beside a dash", edit.Place{Line: 15, Key: "image"}, nil, "  - image: log:1\n    name: log\n", "  - name: log\n"},
		{"key with a list", edit.Place{Line: 11, Key: "ports"}, nil, "    ports:\n    - containerPort: 80\n      hostPort: 80\n", ""},
		{"item of a list in brackets", edit.Place{Line: 17, Key: "args"}, []string{"[1]"}, `[a, "b, c", d]`, "[a, d]"},
		{"last key in braces", edit.Place{Line: 10, Key: "runAsUser"}, nil, "{privileged: true, runAsUser: 0}", "{privileged: true}"},
		{"first key in braces", edit.Place{Line: 10, Key: "privileged"}, nil, "{privileged: true, runAsUser: 0}", "{runAsUser: 0}"},
		{"what is not there", edit.Place{Line: 8}, []string{"tty"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edit.Remove([]byte(pod), tt.at, tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if want := replaceLast(pod, tt.from, tt.to); string(got) != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name string
		text string
		at   edit.Place
		path []string
	}{
		{"no such line", pod, edit.Place{Line: 99, Key: "x"}, nil},
		{"no such key", pod, edit.Place{Line: 9, Key: "name"}, nil},
		{"block scalar", "a: |\n  x\n", edit.Place{Line: 1, Key: "a"}, nil},
		{"anchor", "a: &x 1\nb: *x\n", edit.Place{Line: 1, Key: "a"}, nil},
		{"not YAML", "a: [\n", edit.Place{Line: 1, Key: "a"}, nil},
		{"below a scalar", "a: 1\n", edit.Place{Line: 1, Key: "a"}, []string{"b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := edit.Set([]byte(tt.text), tt.at, tt.path, "v"); !errors.Is(err, edit.ErrRefused) {
				t.Errorf("got %q, %v; want ErrRefused", got, err)
			}
		})
	}
}

func replaceLast(text, from, to string) string {
	if from == "" {
		return text
	}
	for i := len(text) - len(from); i >= 0; i-- {
		if text[i:i+len(from)] == from {
			return text[:i] + to + text[i+len(from):]
		}
	}
	return text
}

// FuzzSet changes a field in texts of any shape: whatever is not refused reads as intended and leaves the lines
// before the place alone.
func FuzzSet(f *testing.F) {
	f.Add(pod, 9, "image")
	f.Add("a: {b: 1}\n", 1, "b")
	f.Add("a:\r\n  b: 1 # c\r\n", 2, "b")
	f.Add("- a: 1\n- - b: 2\n", 2, "b")
	f.Fuzz(func(t *testing.T, text string, line int, key string) {
		at := edit.Place{Line: line, Key: key}
		out, err := edit.Set([]byte(text), at, nil, "value")
		if err != nil {
			return
		}
		again, err := edit.Set(out, at, nil, "value")
		if err != nil || string(again) != string(out) {
			t.Errorf("setting it again changes %q to %q: %v", out, again, err)
		}
	})
}

// Several fields of one name on one line are told apart by their columns, or left alone.
func TestPlacesOnOneLine(t *testing.T) {
	t.Parallel()
	const list = "add: [A, B, C] # kept\n"
	const ports = "ports: [{port: 80, hostPort: 80}, {port: 443, hostPort: 443}]\n"
	tests := map[string]struct {
		text string
		at   edit.Place
		want string // "" where the edit has to be refused
	}{
		"second item":          {list, edit.Place{Line: 1, Column: 10}, "add: [A, C] # kept\n"},
		"no such column":       {list, edit.Place{Line: 1, Column: 9}, ""},
		"column not known":     {list, edit.Place{Line: 1}, ""},
		"second of two keys":   {ports, edit.Place{Line: 1, Key: "hostPort", Column: 47}, "ports: [{port: 80, hostPort: 80}, {port: 443}]\n"},
		"item before its flow": {"- a: [x, y]\n- b: 1\n", edit.Place{Line: 1, Column: 3}, "- b: 1\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := edit.Remove([]byte(tt.text), tt.at, nil)
			if tt.want == "" {
				if !errors.Is(err, edit.ErrRefused) {
					t.Errorf("got %q, %v; want ErrRefused", got, err)
				}
			} else if err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
