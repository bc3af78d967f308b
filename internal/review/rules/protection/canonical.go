package protection

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// canonical writes a field so that what means the same reads the same: keys in order, without those that are left out.
func canonical(f manifests.Field, without ...string) string {
	var b strings.Builder
	writeCanonical(&b, f, without)
	return b.String()
}

func writeCanonical(b *strings.Builder, f manifests.Field, without []string) {
	switch {
	case f.IsMap():
		entries := f.Entries()
		slices.SortStableFunc(entries, func(a, b manifests.Entry) int { return strings.Compare(a.Key, b.Key) })
		b.WriteByte('{')
		for _, e := range entries {
			if e.Value.IsSet() && !slices.Contains(without, e.Key) {
				b.WriteString(strconv.Quote(e.Key) + ":")
				writeCanonical(b, e.Value, nil)
				b.WriteByte(',')
			}
		}
		b.WriteByte('}')
	case f.IsList():
		b.WriteByte('[')
		for _, item := range f.Items() {
			writeCanonical(b, item, nil)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	default:
		b.WriteString(strconv.Quote(oneLine(f.Text())))
	}
}

// oneLine writes a text without its line ends, which mean nothing to expressions.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// quoted shows the beginning of a text.
func quoted(text string) string {
	const most = 60
	runes := []rune(oneLine(text))
	if len(runes) > most {
		return strconv.Quote(string(runes[:most])) + "…"
	}
	return strconv.Quote(string(runes))
}

// enumerate names the first of a list, and counts the others.
func enumerate(list []string) string {
	const named = 3
	switch n := len(list); {
	case n == 0:
		return "nothing"
	case n == 1:
		return list[0]
	case n <= named:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:named], ", "), len(list)-named)
}
