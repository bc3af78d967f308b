package gitrepo

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// withoutFetchedLFS leaves out files of which Git holds a Git LFS pointer and the disk the content that it points
// to. Git would run the LFS filter to see that they are unchanged; we run none, and compare what the filter would.
func (r *Repo) withoutFetchedLFS(diff []source.DiffFile, disk *source.Disk) []source.DiffFile {
	kept := diff[:0]
	for _, d := range diff {
		if !r.isFetchedLFS(d, disk) {
			kept = append(kept, d)
		}
	}
	return kept
}

func (r *Repo) isFetchedLFS(d source.DiffFile, disk *source.Disk) bool {
	// A pointer and what it points to have no line in common.
	everyLine := d.Binary || len(d.Hunks) == 1 && d.Hunks[0].OldStart == 1
	if !everyLine || d.Old != d.New || d.ModeChanged || d.OldEntry.Mode != source.Regular {
		return false
	}
	pointer, err := r.objects.read(d.OldEntry.ID, maxPointer)
	if err != nil || !source.IsLFSPointer(pointer) {
		return false
	}
	content, err := disk.Blob(d.NewEntry, r.limits.FileSize)
	if err != nil {
		return false // too large to be looked at: it stays named as changed
	}
	sum := sha256.Sum256(content)
	return strings.Contains(string(pointer), "\noid sha256:"+hex.EncodeToString(sum[:])+"\n")
}

const maxPointer = 1024 // bytes; Git LFS accepts no longer one
