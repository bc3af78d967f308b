package registry

import (
	"encoding/json"
	"strings"
)

// Descriptor names content (OCI image specification 1.1, descriptor).
type Descriptor struct {
	MediaType    string      `json:"mediaType"`
	Digest       string      `json:"digest"`
	Size         int64       `json:"size"`
	ArtifactType string      `json:"artifactType,omitempty"`
	Annotations  Annotations `json:"annotations,omitempty"`
	Platform     *Platform   `json:"platform,omitempty"`
}

// Annotations are what somebody notes of content. Those that are no text are left out: registries copy what was pushed into
// their lists, which would else be unreadable for one bad entry.
type Annotations map[string]string

// UnmarshalJSON reads what is text.
func (a *Annotations) UnmarshalJSON(text []byte) error {
	var all map[string]any
	if json.Unmarshal(text, &all) != nil {
		return nil // no mapping at all
	}
	for key, value := range all {
		if s, ok := value.(string); ok {
			if *a == nil {
				*a = make(Annotations, len(all))
			}
			(*a)[key] = s
		}
	}
	return nil
}

// Platform is what an image runs on.
type Platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
}

// String returns "linux/arm64/v8".
func (p Platform) String() string {
	return strings.TrimSuffix(p.OS+"/"+p.Architecture+"/"+p.Variant, "/")
}

// Manifest is an image manifest or index, as far as it is looked at.
type Manifest struct {
	Descriptor   `json:"-"`
	MediaType    string       `json:"mediaType"`
	ArtifactType string       `json:"artifactType"`
	Config       Descriptor   `json:"config"`
	Layers       []Descriptor `json:"layers"`
	Manifests    []Descriptor `json:"manifests"`
	Subject      *Descriptor  `json:"subject"`
	Annotations  Annotations  `json:"annotations"`
}
