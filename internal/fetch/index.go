package fetch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// indexEntry is one version of a chart in a repository's index.
type indexEntry struct{ version, url, digest string }

// maxWhole is how large an index may be that has to be read as a whole: nodes of YAML take a hundred times its size.
const maxWhole = 2 << 20

// entriesOf lists the versions that an index has of a chart (https://helm.sh/docs/topics/chart_repository/#the-index-file).
// Of an index as Helm writes it only the part on the chart is parsed.
func entriesOf(index []byte, name string) ([]indexEntry, error) {
	if trimmed := bytes.TrimLeft(index, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		return jsonEntries(trimmed, name)
	}
	part, found := cut(index, name)
	if found && part == nil {
		return nil, nil
	}
	if found {
		if node, err := manifests.ParseYAML(part); err == nil && node != nil {
			return yamlEntries(manifests.NewField(node, "").Get(name)), nil
		}
	}
	if len(index) > maxWhole {
		return nil, errors.New("it is not written as Helm does, and too large to be read otherwise")
	}
	node, err := manifests.ParseYAML(index)
	if err != nil || node == nil {
		return nil, cmp.Or(err, errors.New("it is empty"))
	}
	return yamlEntries(manifests.NewField(node, "").Get("entries").Get(name)), nil
}

func yamlEntries(list manifests.Field) (all []indexEntry) {
	for _, item := range list.Items() {
		e := indexEntry{version: item.Get("version").Text(), digest: item.Get("digest").Text()}
		if urls := item.Get("urls").Items(); len(urls) > 0 {
			e.url = urls[0].Text()
		}
		all = append(all, e)
	}
	return all
}

func jsonEntries(index []byte, name string) (all []indexEntry, err error) {
	var file struct {
		Entries map[string]json.RawMessage `json:"entries"`
	}
	if err := json.Unmarshal(index, &file); err != nil {
		return nil, errors.New("it is not JSON, as which it begins")
	}
	var list []struct {
		Version, Digest string
		URLs            []string `json:"urls"`
	}
	if text := file.Entries[name]; text != nil {
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, errors.New("what it has of the chart is no list of versions")
		}
	}
	for _, item := range list {
		all = append(all, indexEntry{version: item.Version, digest: item.Digest, url: strings.Join(item.URLs[:min(len(item.URLs), 1)], "")})
	}
	return all, nil
}

// cut takes the lines on one chart out of an index that is written in blocks; nil when there are none. found is false when
// it is not written so.
func cut(index []byte, name string) (part []byte, found bool) {
	indent, in, start, pos := -1, false, -1, 0
	for line := range bytes.Lines(index) {
		from := pos
		pos += len(line)
		text := bytes.TrimRight(line, " \t\r\n")
		left := len(text) - len(bytes.TrimLeft(text, " "))
		switch {
		case len(text) == 0 || text[left] == '#':
			continue
		case !in:
			in = string(text) == "entries:"
			continue
		case indent < 0:
			indent = left
		}
		if left > indent || left == indent && left > 0 && text[left] == '-' {
			continue
		}
		if start >= 0 {
			return index[start:from], true
		}
		if left < indent || left == 0 { // the entries have ended
			return nil, true
		}
		if key, _, ok := strings.Cut(string(text[left:]), ":"); ok && strings.Trim(key, `"'`) == name {
			start = from
		}
	}
	if start >= 0 {
		return index[start:], true
	}
	return nil, in && indent > 0
}

// choose returns the version that Helm and Flux take: exactly the one that is named, else the newest in the range; without
// one the newest that is no prerelease.
func choose(entries []indexEntry, want string) (indexEntry, error) {
	if len(entries) == 0 {
		return indexEntry{}, errors.New("it does not have the chart")
	}
	if i := slices.IndexFunc(entries, func(e indexEntry) bool { return want != "" && e.version == want }); i >= 0 {
		return entries[i], nil
	}
	versions := make([]string, len(entries))
	for i, e := range entries {
		versions[i] = e.version
	}
	i, err := newest(versions, want)
	if err != nil {
		return indexEntry{}, err
	}
	return entries[i], nil
}

// maxRange caps a range of versions and a filter of tags, in bytes: each of their parts is held against each version.
const maxRange = 256

// newest returns the index of the newest version in a range.
func newest(versions []string, want string) (int, error) {
	if len(want) > maxRange {
		return 0, fmt.Errorf("%.80q… is too long to be a range of versions", want)
	}
	within, err := semver.NewConstraint(cmp.Or(want, "*"))
	if err != nil {
		return 0, fmt.Errorf("%.80q is neither a version that is there nor a range", want)
	}
	best, at := (*semver.Version)(nil), -1
	for i, text := range versions {
		v, err := semver.NewVersion(text)
		if err == nil && within.Check(v) && (best == nil || v.GreaterThan(best)) {
			best, at = v, i
		}
	}
	if at < 0 {
		return 0, fmt.Errorf("none of its %d versions is %s", len(versions), cmp.Or(manifests.ShownAddress(want), "a release"))
	}
	return at, nil
}
