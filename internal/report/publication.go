package report

// Publication is all that a pull request will show, decided before anything is sent: every text is escaped, within
// GitHub's limits, and every comment stands on a line that the difference has. Publishing it twice changes nothing.
type Publication struct {
	Checks   []Check   // the first is the check run "landwaiter"; then those that the policy asks for
	Comments []Comment // inline, the worst first
	Comment  string    // the one comment in the conversation, Markdown; "" for none

	// Standing are the fingerprints of all findings that stand at head, also of those that Comments has no room for, or
	// leaves out because the pull request is a draft: a comment on them from an earlier run is not taken for fixed.
	Standing []string
	// Incomplete says that not all could be checked (a root did not render): then nothing is taken for fixed.
	Incomplete bool
}

// Check is one completed check run.
type Check struct {
	Name        string
	Conclusion  string // success, failure, action_required, cancelled or neutral
	Title       string
	Summary     string // Markdown
	Text        string // Markdown
	Annotations []Annotation
	Actions     []Action // at most three buttons
}

// Annotation marks lines of a file at head. Columns only where StartLine is EndLine; 0 for none.
type Annotation struct {
	File                   string
	StartLine, EndLine     int
	StartColumn, EndColumn int
	Level                  string // failure, warning or notice
	Title, Message         string // plain text
}

// Action is a button of a check run.
type Action struct{ Label, Description, Identifier string }

// Comment is an inline comment on head's side of the difference.
type Comment struct {
	File         string
	Line         int      // the last line that it is about; 0 for a comment on the file
	StartLine    int      // the first, when there are several lines; 0 otherwise
	Body         string   // Markdown, the hidden marker included
	Fingerprints []string // of the findings that it shows, sorted; they are in the marker too
}
