package kops

import (
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/secret"
)

var kopsHook = review.Rule{
	ID: "kops-hook", Level: review.Warning, Guidelines: []string{"G28", "G27"},
	Summary: "A hook, script or file of a machine runs a moving image, or holds a secret",
	Kinds:   []string{cluster, instanceGroup},
	Check:   checkKopsHook,
}

const movingDetail = "A hook runs as root on every machine that starts. Name the version, best with its digest."

func checkKopsHook(p *review.Pass) {
	for _, hook := range spec(p).Get("hooks").Items() {
		if at := hook.Get("execContainer", "image"); at.IsSet() && isMoving(at.Text()) {
			p.Report(at, "hook %s runs %s, which may be another image tomorrow", hook.Get("name").Text(), images.Shown(at.Text())).Detail(movingDetail)
		}
		checkScript(p, hook.Get("manifest"), "hook "+hook.Get("name").Text())
	}
	for _, asset := range spec(p).Get("fileAssets").Items() {
		checkScript(p, asset.Get("content"), "file asset "+asset.Get("name").Text())
	}
	for _, data := range spec(p).Get("additionalUserData").Items() {
		checkScript(p, data.Get("content"), "user data "+data.Get("name").Text())
	}
}

// isMoving reports whether an image reference may mean another image tomorrow.
func isMoving(text string) bool {
	ref, err := images.ParseReference(text)
	return err == nil && ref.Digest == "" && (ref.Tag == "" || ref.Tag == "latest")
}

// checkScript looks into a text that is put onto machines: a unit, a script, or the manifest of a static pod.
func checkScript(p *review.Pass, at manifests.Field, title string) {
	if line, ok := secret.CredentialLine(title, at.Text()); ok {
		what := "secret"
		if strings.Contains(at.Text(), "PRIVATE KEY-----") {
			what = "private key"
		}
		p.Report(at, "%s holds a %s", title, what).Line(line).Secret().
			Detail("It is in Git and in the state store, and user data is in the machine's metadata as well. Replace it, and let the machine fetch the new one with its role.")
	}
	for i, line := range strings.Split(at.Text(), "\n") {
		if image := movingIn(line); image != "" {
			p.Report(at, "%s runs %s, which may be another image tomorrow", title, images.Shown(image)).Line(i + 1).Detail(movingDetail)
		}
	}
}

var (
	// runs begins the arguments with which a container is run or its image fetched.
	runs = regexp.MustCompile(`\b(?:docker|podman|nerdctl|crictl|ctr(?:\s+-n\s+\S+)?(?:\s+images?)?)\s+(?:container\s+|image\s+)?(?:run|pull|create)\s+(.*)`)
	// ofPod is the image of a container in the manifest of a pod.
	ofPod = regexp.MustCompile(`^[\s-]*"?image"?\s*:\s*["']?([^\s"',}]+)`)
	// anImage is a word that can hardly be anything but an image: with a registry or repository, or with the tag.
	anImage = regexp.MustCompile(`^(?:[a-z0-9][a-z0-9.-]*(?::\d+)?(?:/[a-z0-9._-]+)+(?::latest)?|[a-z0-9][a-z0-9._-]*:latest)$`)
)

// movingIn returns the moving image that a line of a script or manifest runs, "" for none.
func movingIn(line string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return ""
	}
	if match := ofPod.FindStringSubmatch(line); match != nil && isMoving(match[1]) {
		return match[1]
	}
	match := runs.FindStringSubmatch(line)
	if match == nil {
		return ""
	}
	for _, word := range strings.Fields(match[1]) {
		if word = strings.Trim(word, `"'`); anImage.MatchString(word) && isMoving(word) {
			return word
		} else if !strings.HasPrefix(word, "-") && isPinned(word) {
			return "" // what follows are the arguments of the program
		}
	}
	return ""
}

// isPinned reports whether a word is an image with a version or digest.
func isPinned(word string) bool {
	ref, err := images.ParseReference(word)
	return err == nil && !strings.HasPrefix(word, "/") && (ref.Digest != "" || strings.Contains(word, "/") && ref.Tag != "" && ref.Tag != "latest")
}
