package manifests

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestShelf holds that what is no file of the shelf's own is not read, be it planted in its place, and that nobody sees half
// of a file while several write it.
func TestShelf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := Shelf(filepath.Join(dir, "shelf"))
	if err := s.Write("kept", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, plant := range map[string]func(string) error{
		"link":         func(at string) error { return os.Symlink(secret, at) },
		"broken link":  func(at string) error { return os.Symlink(filepath.Join(dir, "made"), at) },
		"directory":    func(at string) error { return os.Mkdir(at, 0o700) },
		"large":        func(at string) error { return os.WriteFile(at, make([]byte, 101), 0o600) },
		"nothing here": func(string) error { return nil },
	} {
		if err := plant(filepath.Join(string(s), name)); err != nil {
			t.Fatal(err)
		}
		if data, err := s.Read(name, 100); err == nil {
			t.Errorf("%s: %q", name, data)
		}
	}
	for _, name := range []string{"link", "broken link"} {
		if err := s.Write(name, []byte("own")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if data, err := s.Read(name, 100); err != nil || string(data) != "own" {
			t.Errorf("%s is %q, %v", name, data, err)
		}
	}
	if data, err := os.ReadFile(secret); err != nil || string(data) != "secret" {
		t.Errorf("what a link leads to was written: %q, %v", data, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "made")); err == nil {
		t.Error("a file was made where a link leads")
	}
}

// TestShelfShared has many write and read one file, and trim at the same time.
func TestShelfShared(t *testing.T) {
	t.Parallel()
	s := Shelf(t.TempDir())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			own := []byte(strings.Repeat(fmt.Sprint(i), 50_000))
			for range 20 {
				if err := s.Write("one", own); err != nil {
					t.Errorf("%v", err)
				}
				if data, err := s.Read("one", 1<<20); err == nil && (len(data) != len(own) || !bytes.Equal(data, bytes.Repeat(data[:1], len(data)))) {
					t.Errorf("%d bytes of several writers", len(data))
				}
				s.Trim(1 << 20)
			}
		})
	}
	all.Wait()
	if data, err := s.Read("one", 1<<20); err != nil || len(data) != 50_000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}
