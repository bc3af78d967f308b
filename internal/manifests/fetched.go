package manifests

import "time"

// Moved says that a name, a version or a tag, has other content than it had.
type Moved struct {
	Was string    // the digest that it had
	At  time.Time // when it was noticed
}

// SealedChart is the archive of a chart with its provenance file.
type SealedChart struct {
	Name    string // of the archive's file, as the provenance file has it
	Archive []byte
	Seal    []byte // nil when there is none
}
