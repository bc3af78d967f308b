package review

import "github.com/landwaiter/landwaiter/internal/manifests"

// Status says what the change did to a finding.
type Status string

// The statuses of findings.
const (
	New      Status = "new"      // head has it, base has not
	Existing Status = "existing" // both have it
	Fixed    Status = "fixed"    // base had it
	Exempt   Status = "exempt"   // the policy accepts it
)

// Finding is one violation, placed on a source line. Its JSON form is that of interface.md.
type Finding struct {
	Rule        string             `json:"rule"`
	Level       Level              `json:"level"`
	Status      Status             `json:"status"`
	Root        string             `json:"root"`
	Object      manifests.Identity `json:"object"`
	Path        string             `json:"path"`
	Message     string             `json:"message"`
	Detail      string             `json:"detail"`
	Location    Location           `json:"location"`
	Related     []Related          `json:"related"`
	Guidelines  []string           `json:"guidelines"`
	Fingerprint string             `json:"fingerprint"` // survives moved lines and renamed files
	Roots       []string           `json:"roots"`
	Also        []string           `json:"also,omitempty"` // rules that say the same of this field
	Fix         *Fix               `json:"fix,omitempty"`
	Exemption   *Exemption         `json:"exemption,omitempty"`
}

// Location is where a finding stands. Lines and columns count from 1, columns in characters. With precision
// "file" the line is the object's first in that file; with "unknown" there is no file.
type Location struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	EndLine   int    `json:"endLine"`
	Column    int    `json:"column"`
	Precision string `json:"precision"` // exact, file or unknown
	Changed   bool   `json:"changed"`   // the change touched the line
	From      string `json:"-"`         // where what is wrong really is, when the line only names it; see manifests.Frame
}

// Related is a further place that explains a finding.
type Related struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// Fix is a correction in terms of source lines.
type Fix struct {
	Title string `json:"title"`
	Safe  bool   `json:"safe"`
	Edits []Edit `json:"edits"`
}

// Edit replaces the lines Line to EndLine of a file by NewText, which ends in a line end unless it is empty.
// EndLine = Line-1 inserts before Line.
type Edit struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	EndLine int    `json:"endLine"`
	NewText string `json:"newText"`
}

// Exemption says why a finding is accepted, until when and by whom: by the policy file, or by a person in the pull
// request.
type Exemption struct {
	Reason string `json:"reason"`
	Until  string `json:"until"` // a day, 2006-01-02; "" for a person's, which holds as long as the finding is the same
	By     string `json:"by"`
}

// Accepted reports whether a person accepted the finding in the pull request.
func (f *Finding) Accepted() bool { return f.Exemption != nil && f.Exemption.Until == "" }
