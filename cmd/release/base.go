package main

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// wanted are the files of Debian's packages that are there for their own sake. What their programs link to follows.
var wanted = []string{"usr/bin/git", "usr/lib/git-core/git-remote-http"}

// Glibc loads this one by itself when a thread is cancelled, so that no program names it.
const unwinder = "libgcc_s.so.1"

// debPackage is an unpacked package, as "dpkg-deb --raw-extract" leaves it.
type debPackage struct {
	dir                    string
	name, version, machine string
}

// file is a file of an image.
type file struct {
	name    string // without "/" at its begin
	content []byte
	mode    fs.FileMode
	link    string // of a symbolic link
	owner   int    // user and group
}

// base are the files of an image beside the program, and the packages that they are from.
type base struct {
	files    []file
	packages []debPackage
	found    map[string]bool // names that are taken
}

// newBase takes out of a directory of unpacked packages what Git needs to run and to speak HTTPS, with the authorities and
// the licences.
func newBase(dir string) (*base, error) {
	packages, err := readPackages(dir)
	if err != nil {
		return nil, err
	}
	b := &base{found: map[string]bool{}}
	for _, name := range wanted {
		if err := b.program(packages, name); err != nil {
			return nil, err
		}
	}
	if err := b.library(packages, unwinder); err != nil {
		return nil, err
	}
	if err := b.authorities(packages); err != nil {
		return nil, err
	}
	b.add(file{name: "usr/lib/git-core/git-remote-https", link: "git-remote-http"})
	for name, text := range map[string]string{
		"etc/passwd":        "root:x:0:0:root:/:/sbin/nologin\nlandwaiter:x:65532:65532:landwaiter:/data:/sbin/nologin\n",
		"etc/group":         "root:x:0:\nlandwaiter:x:65532:\n",
		"etc/nsswitch.conf": "hosts: files dns\n",
	} {
		b.add(file{name: name, content: []byte(text), mode: 0o644})
	}
	b.add(file{name: "tmp", mode: fs.ModeDir | 0o777 | fs.ModeSticky})
	b.add(file{name: "data", mode: fs.ModeDir | 0o700, owner: user})
	b.add(file{name: "usr/share/git-core/templates", mode: fs.ModeDir | 0o755})
	return b, b.licences()
}

// readPackages reads what every package says of itself.
func readPackages(dir string) ([]debPackage, error) {
	controls, err := filepath.Glob(filepath.Join(dir, "*", "DEBIAN", "control"))
	if err != nil || len(controls) == 0 {
		return nil, errors.Join(fmt.Errorf("%s holds no unpacked packages: run deploy/image/base.sh", dir), err)
	}
	var all []debPackage
	for _, control := range controls {
		text, err := os.ReadFile(control)
		if err != nil {
			return nil, err
		}
		p := debPackage{dir: filepath.Dir(filepath.Dir(control))}
		for line := range strings.Lines(string(text)) {
			switch key, value, _ := strings.Cut(strings.TrimSpace(line), ": "); key {
			case "Package":
				p.name = value
			case "Version":
				p.version = value
			case "Architecture":
				p.machine = value
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// add puts a file into the base, once.
func (b *base) add(f file) {
	if !b.found[f.name] {
		b.found[f.name] = true
		b.files = append(b.files, f)
	}
}

// use notes that a package is part of the image.
func (b *base) use(p debPackage) {
	if !slices.Contains(b.packages, p) {
		b.packages = append(b.packages, p)
	}
}

// program adds a program, its loader and its libraries.
func (b *base) program(packages []debPackage, name string) error {
	for _, p := range packages {
		if _, err := os.Stat(filepath.Join(p.dir, name)); err == nil {
			b.use(p)
			return b.binary(packages, filepath.Join(p.dir, name), name)
		}
	}
	return fmt.Errorf("no package has %s", name)
}

// library adds a library by its name, from wherever a package keeps libraries.
func (b *base) library(packages []debPackage, name string) error {
	for _, p := range packages {
		for _, pattern := range []string{"lib/*-linux-*", "usr/lib/*-linux-*"} {
			found, _ := filepath.Glob(filepath.Join(p.dir, pattern, name)) // the pattern is ours
			for _, at := range found {
				as, err := filepath.Rel(p.dir, at)
				if err != nil {
					return err
				}
				b.use(p)
				return b.binary(packages, at, "usr/"+strings.TrimPrefix(filepath.ToSlash(as), "usr/"))
			}
		}
	}
	return fmt.Errorf("no package has the library %s", name)
}

// binary adds an ELF file under a name, and what it links to. A link is followed, so that the name holds the content.
func (b *base) binary(packages []debPackage, at, name string) error {
	if b.found[name] {
		return nil
	}
	content, err := os.ReadFile(at)
	if err != nil {
		return err
	}
	b.add(file{name: name, content: content, mode: 0o755})
	parsed, err := elf.Open(at)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	defer parsed.Close()
	needed, err := parsed.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	for _, library := range needed {
		if err := b.library(packages, library); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return b.loader(packages, parsed)
}

// loader adds the program that a program names as its interpreter, where it names it.
func (b *base) loader(packages []debPackage, program *elf.File) error {
	for _, segment := range program.Progs {
		if segment.Type != elf.PT_INTERP {
			continue
		}
		text := make([]byte, segment.Filesz)
		if _, err := segment.ReadAt(text, 0); err != nil {
			return err
		}
		name := strings.Trim(string(text), "/\x00")
		for _, f := range b.files {
			if path.Base(f.name) == path.Base(name) {
				b.add(file{name: name, content: f.content, mode: 0o755})
				return nil
			}
		}
		if err := b.library(packages, path.Base(name)); err != nil {
			return err
		}
		return b.loader(packages, program)
	}
	return nil
}

// authorities adds those that Mozilla trusts, as one file, which Debian's own script would make at installation.
func (b *base) authorities(packages []debPackage) error {
	var bundle []byte
	for _, p := range packages {
		found, _ := filepath.Glob(filepath.Join(p.dir, "usr/share/ca-certificates/mozilla/*.crt")) // sorted; the pattern is ours
		for _, name := range found {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			bundle = append(bundle, text...)
			b.use(p)
		}
	}
	if bundle == nil {
		return errors.New("no package has certificate authorities")
	}
	b.add(file{name: "etc/ssl/certs/ca-certificates.crt", content: bundle, mode: 0o644})
	return nil
}

// licences adds those of the packages that are used, as most of them ask for.
func (b *base) licences() error {
	slices.SortFunc(b.packages, func(x, y debPackage) int { return cmp.Compare(x.name, y.name) })
	for _, p := range b.packages {
		name := path.Join("usr/share/doc", p.name, "copyright")
		text, err := os.ReadFile(filepath.Join(p.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is a link to that of another package of the same source
		}
		if err != nil {
			return err
		}
		b.add(file{name: name, content: text, mode: 0o644})
	}
	return nil
}
