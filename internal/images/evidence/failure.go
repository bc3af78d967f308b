package evidence

import (
	"errors"
	"strings"
)

// failure is why a seal does not count, and how far its verification got.
type failure struct {
	stage int
	text  string
	err   error
}

// Error returns the rest of a sentence about the seal: "it is …".
func (f *failure) Error() string { return f.text }

// Unwrap returns what the library said.
func (f *failure) Unwrap() error { return f.err }

// stages are what sigstore-go says where a verification ends, in the order in which it verifies.
var stages = []struct{ said, text string }{
	{"inclusion proof missing", "its transparency log entry has no proof"},
	{"not enough verified log entries", "no transparency log of the trust root has it"},
	{"duplicate tlog entries", "it names one transparency log entry twice"},
	{"integrated time outside certificate validity", "it was logged when its certificate was not valid"},
	{"transparency log", "its transparency log entry is for something else"},
	{"failed to verify log inclusion", "the proof that a transparency log has it does not hold"},
	{"threshold not met for verified", "nothing that the trust root vouches for says when it was made"},
	{"no valid observer timestamps", "nothing that the trust root vouches for says when it was made"},
	{"failed to verify timestamps", "the time it says to be from does not hold"},
	{"leaf certificate verification failed", "its certificate is not from an authority of the trust root, or was not valid when it was made"},
	{"signed certificate timestamp", "its certificate is in no certificate log of the trust root"},
	{"expected key signature, not certificate", "it is signed by a certificate, and the policy asks for a key"},
	{"outside of public key validity", "it was made when the key did not count"},
	{"exactly one signature is required", "it has not exactly one signature"},
	{"could not verify envelope", "it is not by the key it should be by, or was altered"},
	{"could not verify message", "it is not by the key it should be by, or was altered"},
	{"does not match", "it is for another image"},
	{"do not match", "it is for another image"},
	{"failed to verify signature", "its signature cannot be verified"},
}

// explain makes a sentence's rest of what sigstore-go says. Nil stays nil.
func explain(err error) error {
	if err == nil {
		return nil
	}
	said := err.Error()
	for i, stage := range stages {
		if strings.Contains(said, stage.said) {
			return &failure{i + 1, stage.text, err}
		}
	}
	return &failure{0, "it cannot be verified (" + oneLine(said) + ")", err}
}

// closer returns the one of two errors whose verification got further, the first when none did.
func closer(a, b error) error {
	if a == nil || b != nil && stageOf(b) > stageOf(a) {
		return b
	}
	return a
}

func stageOf(err error) int {
	var f *failure
	if errors.As(err, &f) {
		return f.stage
	}
	return len(stages) + 1 // it is by a signer, and not by one that the policy asks for
}

// maxSaid is as much of foreign text as a reason repeats.
const maxSaid = 200

// oneLine makes foreign text safe to stand in a reason.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }), " ")
	s = strings.ToValidUTF8(s, "?")
	if runes := []rune(s); len(runes) > maxSaid {
		return string(runes[:maxSaid]) + "…"
	}
	return s
}
