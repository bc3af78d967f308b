package edit

// maxKept is how many bytes of text an Editor keeps parsed; what is made of them takes some fifty times as much.
const maxKept = 512 << 10

// Editor edits texts, and keeps what it parsed of them for further edits of the same documents. The zero value is ready
// for use, by one goroutine at a time.
type Editor struct {
	kept  map[string]*stream // by text
	bytes int
}

// Set is the function Set.
func (e *Editor) Set(text []byte, at Place, path []string, value any) ([]byte, error) {
	return inDocument(text, at, func(text []byte, at Place) ([]byte, error) { return e.set(text, at, path, value) })
}

// Remove is the function Remove.
func (e *Editor) Remove(text []byte, at Place, path []string) ([]byte, error) {
	return inDocument(text, at, func(text []byte, at Place) ([]byte, error) { return e.remove(text, at, path) })
}

// parse parses a text, unless that was done. Nobody changes what it returns.
func (e *Editor) parse(text []byte) (*stream, error) {
	if s := e.kept[string(text)]; s != nil {
		return s, nil
	}
	s, err := parse(text)
	if err != nil || len(text) > maxKept {
		return s, err
	}
	if e.bytes += len(text); e.kept == nil || e.bytes > maxKept {
		e.kept, e.bytes = make(map[string]*stream), len(text)
	}
	e.kept[string(text)] = s
	return s, nil
}
