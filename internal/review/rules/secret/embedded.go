package secret

import (
	"iter"
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// file is a text of an object that becomes a file or a command line somewhere.
type file struct {
	manifests.Field
	name    string
	text    string
	written bool // text is what is written, or stands in a Secret in Base64, so that its lines are lines of the field
}

// maxFile is how many bytes of one text are looked at.
const maxFile = 1 << 20

// files lists the texts of ConfigMaps and Secrets, and the files that Cluster API writes on its machines.
func files(o *manifests.Object) iter.Seq[file] {
	return func(yield func(file) bool) {
		switch {
		case o.Group() == "" && (o.Kind == "ConfigMap" || o.Kind == "Secret"):
			eachValue(o, yield)
		case strings.HasSuffix(o.Group(), "cluster.x-k8s.io"):
			eachMachineFile(o, yield)
		}
	}
}

// isRead reports whether a text is looked at.
func isRead(text string) bool { return text != "" && len(text) <= maxFile }

// eachValue visits the values of a ConfigMap or Secret.
func eachValue(o *manifests.Object, yield func(file) bool) {
	for _, list := range []string{"data", "stringData"} {
		for key, value := range o.Field().Get(list).EachEntry() {
			text := value.Text()
			if o.Kind == "Secret" && list == "data" {
				text = decoded(list, value)
			}
			if isRead(text) && !yield(file{value, key, text, true}) {
				return
			}
		}
	}
}

// eachMachineFile visits the files and commands of Cluster API's machines.
func eachMachineFile(o *manifests.Object, yield func(file) bool) {
	for _, spec := range machineSpecs(o) {
		for _, f := range spec.Get("files").Items() {
			at := f.Get("content")
			if isRead(at.Text()) && !yield(file{at, f.Get("path").Text(), at.Text(), true}) {
				return
			}
		}
		for _, list := range []string{"preKubeadmCommands", "postKubeadmCommands"} {
			for _, at := range spec.Get(list).Items() {
				if isRead(at.Text()) && !yield(file{at, list, at.Text(), true}) {
					return
				}
			}
		}
	}
}

// machineSpecs are the places where Cluster API's objects hold kubeadm's configuration.
func machineSpecs(o *manifests.Object) []manifests.Field {
	spec := o.Field().Get("spec")
	if !spec.IsMap() {
		return nil
	}
	return []manifests.Field{spec, spec.Get("kubeadmConfigSpec"), spec.Get("template", "spec"), spec.Get("template", "spec", "kubeadmConfigSpec")}
}

// report notes a violation on a line of the text, from 1.
func (f file) report(p *review.Pass, line int, format string, args ...any) *review.Draft {
	d := p.Report(f.Field, format, args...)
	if f.written && line > 0 {
		d.Line(line)
	}
	return d
}

// part is a mapping that is an object, a part of one, or a document in a text.
type part struct {
	manifests.Field
	in     *file // nil where the field is the object's own
	offset int   // lines of the text before it
}

// report notes a violation at a field of the part.
func (x part) report(p *review.Pass, at manifests.Field, format string, args ...any) *review.Draft {
	if x.in == nil {
		return p.Report(at, format, args...)
	}
	line := 1
	if at.Node() != nil {
		line = at.Node().Line
	}
	return x.in.report(p, x.offset+line, format, args...)
}

// documents lists the mappings in texts that hold a word.
func documents(o *manifests.Object, word string) (found []part) {
	for text := range files(o) {
		if !strings.Contains(text.text, word) {
			continue
		}
		f := text
		for _, d := range manifests.SplitDocuments([]byte(f.text)) {
			node, err := manifests.ParseYAML(d.Data)
			if at := manifests.NewField(node, ""); err == nil && at.IsMap() {
				found = append(found, part{at, &f, d.Line - 1})
			}
		}
	}
	return found
}

// command is what somebody or something runs: a container's words, or a line of a script.
type command struct {
	words  []string
	at     manifests.Field
	script *file // nil for a container
	line   int   // of the script
}

// report notes a violation at the command.
func (c command) report(p *review.Pass, format string, args ...any) *review.Draft {
	if c.script != nil {
		return c.script.report(p, c.line, format, args...)
	}
	return p.Report(c.at, format, args...)
}

// splitWords cuts a line of a shell script into words, quotes taken off.
var splitWords = regexp.MustCompile(`(?:[^\s"']|"[^"]*"|'[^']*')+`)

func wordsOf(line string) []string {
	if !strings.ContainsAny(line, `"'`) { // as most are
		return strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n\f\r", r) })
	}
	words := splitWords.FindAllString(line, -1)
	for i := range words {
		words[i] = strings.NewReplacer(`"`, "", "'", "").Replace(words[i])
	}
	return words
}

// commands lists the lines of scripts, and of containers' commands, that hold a word. A backslash at its end joins a line
// with the next one.
func commands(p *review.Pass, word string) (found []command) {
	for f := range files(p.Object) {
		found = append(found, scriptLines(f, word)...)
	}
	for _, pod := range p.Root.Workloads(p.Object) {
		for _, c := range pod.Containers {
			for _, key := range []string{"command", "args"} {
				found = append(found, containerCommands(c.Get(key), word)...)
			}
		}
	}
	return found
}

// containerCommands takes the words of a list for one command, but for a script among them, whose lines are commands.
func containerCommands(list manifests.Field, word string) (found []command) {
	var words []string
	for _, item := range list.Items() {
		text := item.Text()
		if strings.ContainsAny(text, " \n") {
			script := file{Field: item, text: text, written: strings.Contains(text, "\n")}
			found = append(found, scriptLines(script, word)...)
			continue
		}
		words = append(words, text)
	}
	if strings.Contains(strings.Join(words, " "), word) {
		found = append(found, command{words: words, at: list})
	}
	return found
}

func scriptLines(script file, word string) (found []command) {
	if !strings.Contains(script.text, word) {
		return nil
	}
	f := script
	whole, first := "", 0
	for i, line := range strings.Split(f.text, "\n") {
		if whole == "" {
			first = i + 1
		}
		line = strings.TrimSpace(line)
		if part, more := strings.CutSuffix(line, `\`); more {
			whole += part + " "
			continue
		}
		whole += line
		if strings.Contains(whole, word) && !strings.HasPrefix(whole, "#") {
			found = append(found, command{words: wordsOf(whole), at: f.Field, script: &f, line: first})
		}
		whole = ""
	}
	return found
}
