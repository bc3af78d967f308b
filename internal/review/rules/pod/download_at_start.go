package pod

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var downloadAtStart = review.Rule{
	ID: "download-at-start", Level: review.Warning, Guidelines: []string{"G4"},
	Summary: "A container fetches programs when it starts",
	Kinds:   []string{review.Workloads},
	Check:   checkDownloadAtStart,
}

func checkDownloadAtStart(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		fetched := "" // by curl or wget, so far
		for _, i := range invocations(c) {
			what := installs(i)
			switch {
			case what != "":
			case isFetch(i) && slices.ContainsFunc(i.feeds, isInterpreter):
				what = "runs what " + i.program() + " fetches"
			case isFetch(i):
				fetched = i.program()
			case fetched != "" && makesExecutable(i):
				what = "runs what " + fetched + " fetches"
			}
			if what != "" {
				p.Report(i.at, "%s %s when it starts", c.Title(), what).
					Detail("What runs is not what was built, scanned and signed as an image. It may differ from one start to the next, and a pod cannot start while the source is away.")
				break
			}
		}
	}
}

// installers are package managers with the words by which they fetch.
var installers = map[string][]string{
	"apt-get": {"install", "upgrade", "dist-upgrade"}, "apt": {"install", "upgrade", "full-upgrade"}, "aptitude": {"install", "upgrade"},
	"apk": {"add", "upgrade"}, "yum": {"install", "update", "upgrade"}, "dnf": {"install", "update", "upgrade"},
	"microdnf": {"install", "update", "upgrade"}, "tdnf": {"install", "update"}, "zypper": {"install", "in", "update", "up"},
	"pip": {"install"}, "pip2": {"install"}, "pip3": {"install"}, "pipx": {"install", "run"}, "conda": {"install"}, "mamba": {"install"},
	"npm": {"install", "i", "ci", "add"}, "pnpm": {"install", "i", "add"}, "yarn": {"install", "add"}, "bun": {"install", "add"},
	"gem": {"install"}, "bundle": {"install"}, "composer": {"install", "require", "update"}, "go": {"install", "get"}, "cargo": {"install"},
}

// installs says what a package manager does, "" when it is none or fetches nothing.
func installs(i invocation) string {
	if len(i.words) > 3 && strings.HasPrefix(i.program(), "python") && i.words[1] == "-m" {
		i.words = i.words[2:]
	}
	if i.program() == "uv" && i.argument() == "pip" {
		i.words = i.words[1:]
	}
	offline := slices.ContainsFunc(i.words, func(word string) bool { return word == "--no-index" || word == "--offline" })
	if !offline && slices.Contains(installers[i.program()], i.argument()) {
		return "installs packages with " + i.program()
	}
	return ""
}

func isFetch(i invocation) bool { return i.program() == "curl" || i.program() == "wget" }

// isInterpreter reports whether a program runs what it is given.
func isInterpreter(program string) bool {
	return isShell(program) || strings.HasPrefix(program, "python") ||
		slices.Contains([]string{"perl", "ruby", "node", "eval", "source", "."}, program)
}

// makesExecutable reports whether a command lets a file be run, or runs it as a script.
func makesExecutable(i invocation) bool {
	if i.program() != "chmod" || len(i.words) < 2 {
		return false
	}
	mode := i.argument()
	return strings.Contains(mode, "x") || len(mode) >= 3 && strings.Trim(mode, "01234567") == "" && strings.ContainsAny(mode, "1357")
}
