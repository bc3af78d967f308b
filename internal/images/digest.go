package images

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"regexp"
)

var digestForm = regexp.MustCompile(`^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`)

// IsDigest reports whether s is a digest of an algorithm that the OCI image specification registers.
func IsDigest(s string) bool { return digestForm.MatchString(s) }

// MatchesDigest reports whether content has the digest.
func MatchesDigest(digest string, content []byte) bool {
	if len(digest) == len("sha512:")+2*sha512.Size {
		sum := sha512.Sum512(content)
		return digest == "sha512:"+hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(content)
	return digest == "sha256:"+hex.EncodeToString(sum[:])
}
