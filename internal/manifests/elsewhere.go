package manifests

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/landwaiter/landwaiter/internal/source"
)

// ElsewhereDir is the directory of a tree in which lies what was fetched for it. What a repository has there itself is
// never seen.
const ElsewhereDir = ".landwaiter-elsewhere"

// FetchedIn returns the directory of what was fetched that a path of a tree is in, and the path below it; false for what is
// the repository's own.
func FetchedIn(p string) (dir, below string, ok bool) {
	rest, ok := strings.CutPrefix(p, ElsewhereDir+"/")
	if !ok {
		return "", "", false
	}
	id, below, _ := strings.Cut(rest, "/")
	return path.Join(ElsewhereDir, id), below, true
}

// LackKind says what is lacking.
type LackKind string

// What may be lacking.
const (
	LackBase  LackKind = "base"  // a directory of a Git repository, as kustomize names it
	LackFile  LackKind = "file"  // a file over HTTP
	LackChart LackKind = "chart" // a chart
	LackGit   LackKind = "git"   // a Git repository as Argo CD and Flux name it

	LackGitRange LackKind = "git-range" // likewise, at the newest tag in a range of versions
)

// Lack is what a root needs to render and is not in the repository. A renderer that finds nothing in Dir names it, and is
// asked again once it lies there.
type Lack struct {
	Kind    LackKind
	Address string      // as it is written: of a base, or of a chart's repository
	Name    string      // of a chart
	Version string      // of a chart, or a range; what is fetched of a Git repository: a branch, a tag or a commit
	Digest  string      // of a chart's archive, where it is pinned; of a Git repository the commit, once that is known
	At      source.Span // where it is named
	Dir     string      // where it belongs
}

// In returns the lack with the directory in which it belongs. The same thing named in two places has two, so that what comes
// from it leads back to the place that named it.
func (l Lack) In() Lack {
	place := []string{string(l.Kind), l.Address, l.Name, l.Version, l.Digest, l.At.File, strconv.Itoa(l.At.Line), strconv.Itoa(l.At.Column)}
	sum := sha256.Sum256([]byte(strings.Join(place, "\n")))
	l.Dir = path.Join(ElsewhereDir, hex.EncodeToString(sum[:10]))
	return l
}

var lackDir = regexp.MustCompile(`^` + regexp.QuoteMeta(ElsewhereDir) + `/[0-9a-f]{20}$`)

// Valid reports whether the directory of the lack is one that In gives: who renders is not trusted.
func (l Lack) Valid() bool { return lackDir.MatchString(l.Dir) }

// Fetched is what was fetched, or would be.
type Fetched struct {
	Tree   source.Tree // a repository's files, or a single one called FileName; nil when only what it is was asked for
	Pinned string      // the ID of the commit, or the digest of the file
	Notes  []string    // what a reader should know
	Moved  *Moved      // nil where the name is not known to have had other content
}

// Supplied is what a root was rendered with that came from elsewhere.
type Supplied struct {
	Lack   Lack         // At is a place in the repository
	Called string       // what it is, for a reader: "github.com/acme/base at 1f4dc0a8b2e1"
	Pinned string       // what it was: the ID of a commit, or a digest
	Notes  []string     `json:"-"` // what a reader should know of it now
	Moved  *Moved       `json:"-"` // as it is known now
	Chart  *RemoteChart `json:"-"` // of one, as it is known now, without its files; nil for all else
}

// FileName is what a file is called that a base turns out to be, in the directory in which it belongs.
const FileName = "file.yaml"

// FileAddress reads the address of a file over HTTP.
func FileAddress(text string) (Base, error) {
	host, rest, err := baseHost(text)
	switch {
	case strings.ContainsAny(text, "\\#\n\r\t \x00"):
		return Base{}, errAddress
	case err != nil:
		return Base{}, err
	case !webAddress(text):
		return Base{}, errNotWeb
	case !AddressLetters.MatchString(strings.Map(dropEscapes, text)):
		return Base{}, errLetters
	case ambiguous(rest):
		return Base{}, errAddress
	}
	return Base{URL: schemeOf(text) + "://" + host + "/" + rest, File: true}, nil
}

// dropEscapes drops what marks an escape or a query from an address in which these may stand.
func dropEscapes(r rune) rune {
	if r == '%' || r == '?' {
		return -1
	}
	return r
}

// ambiguous reports whether the path of an address has segments, written out or escaped, that a server may resolve to
// another path than the one that a policy's patterns are held against (RFC 3986, 5.2.4 and 6.2.2).
func ambiguous(rest string) bool {
	escaped, _, _ := strings.Cut(rest, "?")
	plain, err := url.PathUnescape(escaped)
	if err != nil || strings.ContainsAny(plain, "\\%") || strings.Count(plain, "/") != strings.Count(escaped, "/") {
		return true
	}
	return slices.ContainsFunc(strings.Split(plain, "/"), func(part string) bool { return part == "." || part == ".." })
}

// Base is the address of a base, taken apart.
type Base struct {
	URL  string // of a Git repository, or of a file
	File bool
	Path string // in the Git repository; "." for all of it
	Ref  string // a branch, a tag or a commit; "" for what the repository has by default

	Range bool // Ref is a range of versions: the newest tag in it is meant
}

// Shown is the address for a reader.
func (b Base) Shown() string { return ShownAddress(b.URL) }

var userOfAddress = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*://)?([^/?#]*)@`)

// ShownAddress is an address, of whatever form, as it may be shown to everybody: without who signs in, and without its query
// and fragment, in which tokens stand; on one line, of letters that can be seen, and not long.
func ShownAddress(text string) string {
	const longest = 300
	if found := userOfAddress.FindStringSubmatch(text); found != nil && found[2] != "git" {
		text = found[1] + "…@" + text[len(found[0]):]
	}
	if at := strings.IndexAny(text, "?#"); at >= 0 {
		text = text[:at+1] + "…"
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}

// The errors of addresses.
var (
	errNotWeb      = errors.New("only addresses over HTTPS are fetched")
	errCredentials = errors.New("it has credentials in it, which are sent to nobody")
	errAddress     = errors.New("its address cannot be read")
	errRef         = errors.New("its ref is neither a branch nor a tag nor a commit")
	errLetters     = errors.New("it has characters that no address has: write a host in its ASCII form (xn--), and others escaped")
)

// AddressLetters are the characters of an address over HTTP that is not escaped (RFC 3986, 2), but for those that have a meaning
// in patterns of policies: hosts that only look like others are none, and what is proposed for a policy allows nothing else.
var AddressLetters = regexp.MustCompile(`^[A-Za-z0-9._~!$&'()+,;=:@/\[\]-]*$`)

var (
	baseUser  = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9-]*)@`)
	baseRef   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./+@=-]*$`)
	fileNames = regexp.MustCompile(`(?i)\.(ya?ml|json|txt|env|conf|properties)$`)
)

// ParseBase reads the address of a remote base in all forms that kustomize takes (kustomize's documentation of remote
// targets). Those over SSH are read as the same over HTTPS, since nothing is fetched with anybody's key. An address of which
// kustomize would first try whether it is a file, and then whether it is a repository, is a file when its name has an
// extension of one and nothing marks it as a repository.
func ParseBase(text string) (Base, error) {
	address, query, _ := strings.Cut(text, "?")
	marked := strings.Contains(query, "ref=") || strings.Contains(query, "version=")
	address, forced := cutFold(address, "git::")
	if strings.ContainsAny(text, "\\#%\n\r\t \x00") {
		return Base{}, errAddress
	}
	host, rest, err := baseHost(address)
	if err != nil {
		return Base{}, err
	}
	repo, below, split := splitBase(rest)
	if web := webAddress(text); web && !marked && !forced && !split && isFileAddress(host, rest) {
		return FileAddress(text)
	}
	if !split {
		if repo, below, split = firstSegments(rest); !split {
			return Base{}, errAddress
		}
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return Base{}, errAddress
	}
	ref := values.Get("version")
	if named := values.Get("ref"); named != "" {
		ref = named
	}
	return GitBase(schemeOf(address)+"://"+host+"/"+repo, below, ref)
}

// GitBase is a directory of a Git repository. The address is one over HTTP, or one that stands for such.
func GitBase(address, below, ref string) (Base, error) {
	host, rest, err := baseHost(address)
	rest = strings.Trim(rest, "/")
	below = path.Clean(strings.TrimLeft(below, "/"))
	switch {
	case err != nil:
		return Base{}, err
	case !AddressLetters.MatchString(host+"/"+rest) && !strings.ContainsAny(rest, "?#%\\ "):
		return Base{}, errLetters
	case strings.Contains(rest, "@"): // as in "user:password@host/path", which is read as SSH
		return Base{}, errCredentials
	case host == "" || rest == "" || path.Clean("/"+rest) != "/"+rest || strings.ContainsAny(rest, "?#%\\ "):
		return Base{}, errAddress
	case below == ".." || strings.HasPrefix(below, "../"):
		return Base{}, errors.New("its path leads out of the repository")
	case ref != "" && ref != "HEAD" && !validRef(ref):
		return Base{}, errRef
	}
	if ref == "HEAD" { // what the repository has by default
		ref = ""
	}
	return Base{URL: schemeOf(address) + "://" + host + "/" + rest, Path: below, Ref: ref}, nil
}

// validRef keeps to what every server takes for the name of a branch or tag (git-check-ref-format).
func validRef(ref string) bool {
	return len(ref) < 250 && baseRef.MatchString(ref) && !strings.Contains(ref, "..") && !strings.Contains(ref, "//") && !strings.Contains(ref, "@{") &&
		!strings.Contains(ref, "/.") && !strings.HasSuffix(ref, "/") && !strings.HasSuffix(ref, ".") && !strings.HasSuffix(ref, ".lock")
}

// schemeOf is http for what says so itself, and https for all else.
func schemeOf(address string) string {
	if _, plain := cutFold(address, "http://"); plain {
		return "http"
	}
	return "https"
}

func webAddress(address string) bool {
	_, plain := cutFold(address, "http://")
	_, web := cutFold(address, "https://")
	return plain || web
}

// baseHost takes the host off an address, which is "host/path", or of SSH "user@host:path".
func baseHost(address string) (host, rest string, err error) {
	scheme := ""
	for _, prefix := range []string{"ssh://", "https://", "http://"} {
		if below, ok := cutFold(address, prefix); ok {
			address, scheme = below, prefix
			break
		}
	}
	if strings.Contains(strings.SplitN(address, "/", 2)[0], "::") || scheme == "" && strings.Contains(address, "://") {
		return "", "", errNotWeb
	}
	user := baseUser.FindString(address)
	address = strings.TrimPrefix(address, user)
	end := strings.Index(address, "/")
	if colon := strings.Index(address, ":"); scheme == "" && colon > 0 && (end < 0 || colon < end) { // as scp writes it
		end = colon
	}
	if end <= 0 {
		return "", "", errAddress
	}
	host, rest = strings.ToLower(address[:end]), strings.TrimLeft(address[end+1:], "/")
	if strings.Contains(host, "@") {
		return "", "", errCredentials
	}
	if name, port, ok := strings.Cut(host, ":"); ok && (scheme == "ssh://" || scheme == "https://" && port == "443" || scheme == "http://" && port == "80") {
		host = name
	}
	if u, err := url.Parse("https://" + host + "/"); err != nil || u.Host != host || u.Hostname() == "" {
		return "", "", errAddress
	}
	return host, rest, nil
}

// splitBase parts the path of a repository from the path in it, at one of kustomize's marks.
func splitBase(rest string) (repo, below string, ok bool) {
	if at := strings.Index(rest, "_git/"); at >= 0 {
		name, inside, _ := strings.Cut(rest[at+len("_git/"):], "/")
		return rest[:at] + "_git/" + name, inside, true
	}
	if repo, below, ok = strings.Cut(rest, "//"); ok {
		return repo, below, true
	}
	if at := strings.Index(rest, ".git"); at >= 0 {
		return rest[:at+len(".git")], rest[at+len(".git"):], true
	}
	return "", "", false
}

// firstSegments takes the first two segments for the repository.
func firstSegments(rest string) (repo, below string, ok bool) {
	parts := strings.SplitN(rest, "/", 3)
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return "", "", false
	}
	if len(parts) == 3 {
		below = parts[2]
	}
	return parts[0] + "/" + parts[1], below, true
}

// isFileAddress reports whether an address without a mark leads to a file. The sites that show repositories answer with pages
// for people at all others of their addresses.
func isFileAddress(host, rest string) bool {
	if strings.HasPrefix(host, "raw.") || fileNames.MatchString(rest) {
		return true
	}
	_, _, repository := firstSegments(rest)
	return !repository
}

// cutFold is strings.CutPrefix for a prefix in any case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}
