package trace

// testCase is a chart of a few templates.
type testCase struct {
	name      string
	templates map[string]string
	values    string
	want      map[int]string // by line of x.yaml
}

var cases = []testCase{}
