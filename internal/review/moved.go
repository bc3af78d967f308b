package review

import (
	"encoding/json"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
)

// TagMove is what earlier reviews know of a tag that names another image now.
type TagMove struct {
	From string    `json:"from"` // the digest that it had
	To   string    `json:"to"`   // the digest that it has
	Seen time.Time `json:"seen"` // when it was last seen to have the former
}

// tagSeen is what is remembered of a tag.
type tagSeen struct {
	Digest  string    `json:"digest"`
	Seen    time.Time `json:"seen"`
	Was     string    `json:"was,omitempty"` // before it moved
	WasSeen time.Time `json:"wasSeen,omitzero"`
	Moved   time.Time `json:"moved,omitzero"`
}

const (
	// tellMove is how long after a move it is told: about as long as pull requests stay open.
	tellMove = 30 * 24 * time.Hour
	// forgetTag is how long a tag is remembered that nobody uses.
	forgetTag = 180 * 24 * time.Hour
	// maxTags bounds what is remembered of a repository.
	maxTags = 5000
)

// rememberTags tells which tags have moved since the repository was last reviewed, and remembers where they are now.
func (e *Engine) rememberTags(repository string, now time.Time, known map[images.Reference]ImageEvidence) {
	name, key := "image tags of "+repository, "1"
	tags := make(map[string]tagSeen)
	if text := e.Cache.Kept(name, key); text != nil && json.Unmarshal(text, &tags) != nil {
		tags = make(map[string]tagSeen)
	}
	for ref, found := range known {
		if ref.Digest != "" || found.Digest == "" {
			continue
		}
		seen := tags[ref.String()].next(found.Digest, now)
		if len(tags) < maxTags || tags[ref.String()].Digest != "" {
			tags[ref.String()] = seen
		}
		if seen.Was != "" && now.Sub(seen.Moved) < tellMove {
			found.Moved = &TagMove{From: seen.Was, To: seen.Digest, Seen: seen.WasSeen}
			known[ref] = found
		}
	}
	for ref, seen := range tags {
		if now.Sub(seen.Seen) > forgetTag {
			delete(tags, ref)
		}
	}
	if text, err := json.Marshal(tags); err == nil && len(tags) > 0 {
		e.Cache.Keep(name, key, text)
	}
}

// next is what is remembered once the tag is seen to have a digest.
func (s tagSeen) next(digest string, now time.Time) tagSeen {
	if s.Digest != "" && s.Digest != digest {
		return tagSeen{Digest: digest, Seen: now, Was: s.Digest, WasSeen: s.Seen, Moved: now}
	}
	s.Digest, s.Seen = digest, now
	return s
}
