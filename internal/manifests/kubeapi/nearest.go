package kubeapi

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// nearest returns the described field that a key of a mapping was meant to be, "" when none is near or it is there.
func (s *Schema) nearest(key string, n *yaml.Node) string {
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		if lookup(n, name) == nil {
			names = append(names, name)
		}
	}
	return Nearest(key, names)
}

// Nearest returns the word that another one was meant to be: the same but for upper and lower case, or else one that
// differs by a letter or two added, dropped, changed or swapped with the next, in words that are long enough. It is ""
// when there is none, or several are as near.
func Nearest(word string, words []string) string {
	limit := 3
	if len(word) < 3 {
		limit = 1
	} else if len(word) < 8 {
		limit = 2
	}
	return NearestWithin(word, words, limit)
}

// NearestWithin is Nearest of words that differ by fewer than limit letters.
func NearestWithin(word string, words []string, limit int) string {
	best, distance, several := "", limit, false
	for _, w := range words {
		switch d := editDistance(strings.ToLower(word), strings.ToLower(w), limit); {
		case d < distance:
			best, distance, several = w, d, false
		case d == distance && best != "":
			several = true
		}
	}
	if several {
		return ""
	}
	return best
}

// editDistance counts the letters to add, drop, change or swap with the next one (the optimal string alignment
// distance) between two words of bytes; most when there are as many or more.
func editDistance(a, b string, most int) int {
	if len(a) > 64 || len(b) > 64 || len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	var rows [3][65]int // the last one, the one before it, the one before that
	last, before, oldest := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last, before, oldest = oldest, last, before
		last[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			last[j] = min(before[j]+1, last[j-1]+1, before[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				last[j] = min(last[j], oldest[j-2]+1)
			}
		}
	}
	return min(last[len(b)], most)
}
