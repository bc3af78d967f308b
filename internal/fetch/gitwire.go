package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// The wire of Git over HTTP in version 2 (gitprotocol-v2, gitprotocol-http): enough of it to ask what names stand for, and
// for one commit without its history.

// gitVersion asks for version 2 of the protocol.
func gitVersion() map[string]string { return map[string]string{"Git-Protocol": "version=2"} }

// gitPost are the headers of a question.
func gitPost() map[string]string {
	return map[string]string{"Git-Protocol": "version=2", "Content-Type": "application/x-git-upload-pack-request", "Accept": "application/x-git-upload-pack-result"}
}

// pkt is one line of the wire.
func pkt(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }

// The lines without a text.
const (
	pktFlush = "0000"
	pktDelim = "0001"
)

// lsRefs asks what the names that a ref may mean stand for, and HEAD.
func lsRefs(names []string) []byte {
	body := pkt("command=ls-refs\n") + pkt("object-format=sha1\n") + pktDelim + pkt("peel\n")
	for _, name := range names {
		body += pkt("ref-prefix " + name + "\n")
	}
	return []byte(body + pktFlush)
}

// meanings are the full names that git fetch tries for a ref, in its order (gitrevisions); of a range what all that may be in
// it begin with.
func meanings(base manifests.Base) []string {
	switch ref := base.Ref; {
	case base.Range:
		return []string{"refs/tags/"}
	case ref == "":
		return []string{"HEAD"}
	case strings.HasPrefix(ref, "refs/"):
		return []string{ref}
	default:
		return []string{"refs/tags/" + ref, "refs/heads/" + ref}
	}
}

// wantCommit asks for the pack of one commit.
func wantCommit(commit string) []byte {
	return []byte(pkt("command=fetch") + pkt("object-format=sha1") + pktDelim + pkt("no-progress\n") + pkt("ofs-delta\n") + pkt("deepen 1\n") +
		pkt("want "+commit+"\n") + pkt("done\n") + pktFlush)
}

var (
	errWire = errors.New("it does not answer as a Git server does")
	errOld  = errors.New("it does not speak version 2 of Git's protocol")
)

// next takes a line off an answer. kind is "" for a line with a text.
func next(answer []byte) (text []byte, kind string, rest []byte, err error) {
	if len(answer) < 4 {
		return nil, "", nil, errWire
	}
	n, err := strconv.ParseUint(string(answer[:4]), 16, 32)
	switch {
	case err != nil || n == 3 || n > uint64(len(answer)):
		return nil, "", nil, errWire
	case n < 3:
		return nil, string(answer[:4]), answer[4:], nil
	}
	return answer[4:n], "", answer[n:], nil
}

// speaksV2 reads the answer to the first question of all.
func speaksV2(answer []byte) error {
	for len(answer) > 0 {
		text, _, rest, err := next(answer)
		if err != nil {
			return err
		}
		line := string(bytes.TrimSpace(text))
		if line == "version 2" {
			return nil
		}
		if line != "" && !strings.HasPrefix(line, "# service=") {
			return errOld
		}
		answer = rest
	}
	return errOld
}

var commitID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// named is what one name stands for.
type named struct {
	ref, commit string
}

// readRefs reads what names stand for; of a tag with a message the commit that it is on.
func readRefs(answer []byte) (all []named, err error) {
	for len(answer) > 0 {
		text, kind, rest, err := next(answer)
		if err != nil {
			return nil, err
		}
		if kind != "" {
			return all, nil
		}
		answer = rest
		words := strings.Fields(string(text))
		if len(words) < 2 || !commitID.MatchString(words[0]) {
			if len(words) > 0 && (words[0] == "unborn" || words[0] == "ERR") {
				continue
			}
			return nil, errWire
		}
		one := named{ref: words[1], commit: words[0]}
		for _, word := range words[2:] {
			if peeled, ok := strings.CutPrefix(word, "peeled:"); ok && commitID.MatchString(peeled) {
				one.commit = peeled
			}
		}
		all = append(all, one)
	}
	return nil, errWire
}

// readPack takes the pack out of an answer. What the server says instead is its error.
func readPack(answer []byte) ([]byte, error) {
	var pack bytes.Buffer
	inPack := false
	for len(answer) > 0 {
		text, kind, rest, err := next(answer)
		if err != nil {
			return nil, err
		}
		answer = rest
		switch {
		case kind == pktFlush && inPack:
			return pack.Bytes(), nil
		case kind != "":
		case !inPack && bytes.HasPrefix(text, []byte("ERR ")):
			return nil, saidNo(text[4:])
		case !inPack:
			inPack = string(bytes.TrimSpace(text)) == "packfile"
		case len(text) > 0 && text[0] == 1:
			pack.Write(text[1:])
		case len(text) > 0 && text[0] == 3:
			return nil, saidNo(text[1:])
		}
	}
	return nil, errWire
}

// saidNo is a server's own words on why it sends nothing, made fit to be shown.
func saidNo(text []byte) error {
	return fmt.Errorf("it says %.200q", strings.ToValidUTF8(strings.TrimSpace(string(text)), "?"))
}
