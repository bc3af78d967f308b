package images

import "testing"

// TestMirrors holds what is a copy of what.
func TestMirrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, ref, want string }{
		{"mirror.internal/hub/**", "docker.io/**", "mirror.internal/hub/library/nginx:1", "docker.io/library/nginx:1"},
		{"mirror.internal/hub/**", "docker.io/**", "mirror.internal/hub/nginx", "docker.io/library/nginx"},
		{"mirror.internal/hub/**", "docker.io/library/**", "mirror.internal/hub/nginx", "docker.io/library/nginx"},
		{"mirror.internal/**", "quay.io/**", "mirror.internal/a/b", "quay.io/a/b"},
		{"Mirror.Internal:443/hub/**", "index.docker.io/**", "mirror.internal/hub/a/b", "docker.io/a/b"},
		{"mirror.internal/web", "ghcr.io/acme/web", "mirror.internal/web:1", "ghcr.io/acme/web:1"},
		{"mirror.internal/web", "ghcr.io/acme/web", "mirror.internal/web/x", ""},
		{"mirror.internal/hub/**", "docker.io/**", "mirror.internal/hubs/nginx", ""},
		{"mirror.internal/hub/**", "docker.io/**", "mirror.internal/hub", ""},
		{"mirror.internal/hub/**", "docker.io/**", "docker.io/library/nginx", ""},
	} {
		m, err := ParseMirror(c.from, c.to)
		if err != nil {
			t.Errorf("%s: %v", c.from, err)
			continue
		}
		ref, err := ParseReference(c.ref)
		if err != nil {
			t.Fatal(err)
		}
		origin, ok := Mirrors{m}.Origin(ref)
		if ok != (c.want != "") || ok && origin.String() != c.want {
			t.Errorf("%s of %s: %s is %q", c.from, c.to, c.ref, origin)
		}
	}
	for _, wrong := range [][2]string{{"a.example/**", "b.example/c"}, {"a.example/*", "b.example/*"}, {"a.example/**", "a.example/**"}, {"a.example/b:1", "c.example/d"},
		{"https://a.example/**", "b.example/**"}, {"**", "b.example/**"}, {"", ""}, {"a.example/../b", "c.example/d"}} {
		if m, err := ParseMirror(wrong[0], wrong[1]); err == nil {
			t.Errorf("%q is taken as %+v", wrong, m)
		}
	}
}

// FuzzMirrors holds that what a mirror leads to is a reference in its normal form, below what the mirror says.
func FuzzMirrors(f *testing.F) {
	f.Add("mirror.internal/hub/**", "docker.io/**", "mirror.internal/hub/nginx")
	f.Fuzz(func(t *testing.T, from, to, text string) {
		m, err := ParseMirror(from, to)
		if err != nil {
			return
		}
		ref, err := ParseReference(text)
		if err != nil {
			return
		}
		if origin, ok := (Mirrors{m}).Origin(ref); ok {
			again, err := ParseReference(origin.String())
			if err != nil || again != origin {
				t.Fatalf("%s leads to %s, which is %s (%v)", ref, origin, again, err)
			}
		}
	})
}
