package secret

import (
	"encoding/base64"
	"encoding/binary"
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var sshSharedKey = review.Rule{
	ID: "ssh-shared-key", Level: review.Warning, Guidelines: []string{"G20"},
	Summary: "Several people share one SSH key, or a key is of a weak or old type",
	Kinds: []string{
		"ConfigMap", "Secret", "Cluster.kops.k8s.io", "SSHCredential.kops.k8s.io", "KubeadmConfig.bootstrap.cluster.x-k8s.io",
		"KubeadmConfigTemplate.bootstrap.cluster.x-k8s.io", "KubeadmControlPlane.controlplane.cluster.x-k8s.io",
		"KubeadmControlPlaneTemplate.controlplane.cluster.x-k8s.io",
		"aws_key_pair.resource.terraform", "google_compute_project_metadata.resource.terraform", "google_compute_project_metadata_item.resource.terraform",
		"azurerm_ssh_public_key.resource.terraform", "digitalocean_ssh_key.resource.terraform", "hcloud_ssh_key.resource.terraform",
	},
	Terraform: true,
	Check:     checkSSHSharedKey,
}

const (
	sharedKey = "Nobody can tell from the log who signed in, and when one of them leaves all have to change it. Give each person a key, best a certificate that ends by itself."
	weakKey   = "OpenSSH no longer takes such keys, since they can be computed from their public half, or soon will be. Make an Ed25519 key: `ssh-keygen -t ed25519`."
	minRSA    = 2048 // bits; Mozilla's guide
)

func checkSSHSharedKey(p *review.Pass) {
	o := p.Object
	spec := o.Field().Get("spec")
	switch o.Kind {
	case "Cluster":
		if at := spec.Get("sshKeyName"); isShared(at.Text()) {
			p.Report(at, "the machines of cluster %s have an SSH key for several people", o.Name).Detail(sharedKey)
		}
	case "SSHCredential":
		at := spec.Get("publicKey")
		reportKeys(p, file{Field: at, text: at.Text(), written: strings.Contains(at.Text(), "\n")})
	}
	if o.Group() == "resource.terraform" {
		checkTerraformKeys(p, o.Field().Get("body"))
	}
	for f := range files(o) {
		if name := path.Base(f.name); strings.HasPrefix(name, "authorized_keys") || strings.HasPrefix(name, "authorized-keys") || strings.HasSuffix(name, ".pub") {
			reportKeys(p, f)
		}
	}
	for _, at := range machineSpecs(o) {
		owners := map[string]string{}
		for _, user := range at.Get("users").Items() {
			for _, k := range user.Get("sshAuthorizedKeys").Items() {
				f := file{Field: k, text: k.Text()}
				reportKey(p, f, 0, user.Get("name").Text(), keysIn(k.Text()), owners)
			}
		}
	}
}

// checkTerraformKeys judges the keys of a resource: one, or Google's list of users and keys.
func checkTerraformKeys(p *review.Pass, f manifests.Field) {
	for _, at := range []manifests.Field{f.Get("public_key"), f.Get("metadata", "ssh-keys"), f.Get("value")} {
		reportKeys(p, file{Field: at, text: at.Text(), written: strings.Contains(at.Text(), "\n")})
	}
	for _, at := range []manifests.Field{f.Get("key_name"), f.Get("name")} {
		if isShared(at.Text()) {
			p.Report(at, "SSH key %s is for several people", at.Text()).Detail(sharedKey)
		}
	}
}

// userOf is the user that Google's lists name before a key.
var userOf = pattern(`^([A-Za-z0-9._-]+):(?:ssh|ecdsa|sk)-`)

// reportKeys judges a list of public keys, one to a line.
func reportKeys(p *review.Pass, f file) {
	owners := map[string]string{}
	for i, line := range strings.Split(f.text, "\n") {
		owner := ""
		if m := userOf().FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			owner = m[1]
			line = strings.TrimPrefix(strings.TrimSpace(line), owner+":")
		}
		reportKey(p, f, i+1, owner, keysIn(line), owners)
	}
}

// reportKey judges a key, of which owners tells who had it before. Its owner is the one named, or its comment.
func reportKey(p *review.Pass, f file, line int, owner string, k publicKey, owners map[string]string) {
	if k.kind == "" {
		return
	}
	if owner == "" {
		owner = k.comment
	}
	before, known := owners[k.blob]
	owners[k.blob] = owner
	switch weakness := k.weakness(); {
	case weakness != "":
		f.report(p, line, "an SSH key is %s", weakness).Detail(weakKey)
	case known && before != owner:
		f.report(p, line, "%s and %s have the same SSH key", orNobody(before), orNobody(owner)).Detail(sharedKey)
	case isShared(k.comment):
		f.report(p, line, "SSH key %s is for several people", k.comment).Detail(sharedKey)
	}
}

func orNobody(name string) string {
	if name == "" {
		return "a user without name"
	}
	return name
}

// sharing finds names of keys that are meant for several people.
var sharing = pattern(`(?i)(^|[-_.@ ])(shared|team|common|everyone|everybody|all|group|developers|devs|staff)([-_.@ ]|$)`)

func isShared(name string) bool { return sharing().MatchString(name) }

// publicKey is a public key as OpenSSH writes it: options, type, blob and comment (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
type publicKey struct{ kind, blob, comment string }

func keysIn(line string) publicKey {
	fields := strings.Fields(line)
	if len(fields) > 0 && strings.HasPrefix(fields[0], "#") {
		return publicKey{}
	}
	for i := 0; i+1 < len(fields); i++ {
		kind := fields[i]
		if (strings.HasPrefix(kind, "ssh-") || strings.HasPrefix(kind, "ecdsa-sha2-") || strings.HasPrefix(kind, "sk-")) && len(fields[i+1]) >= 40 {
			return publicKey{kind, fields[i+1], strings.Join(fields[i+2:], " ")}
		}
	}
	return publicKey{}
}

// weakness says what is weak about a key, "" for nothing.
func (k publicKey) weakness() string {
	switch k.kind {
	case "ssh-dss":
		return "of the type DSA"
	case "ssh-rsa":
		if bits := rsaBits(k.blob); bits > 0 && bits < minRSA {
			return "an RSA key of less than 2048 bits"
		}
	}
	return ""
}

// rsaBits returns the length of an RSA key (RFC 4253, 6.6: type, exponent, modulus), 0 for what is none.
func rsaBits(blob string) int {
	data, err := base64.StdEncoding.DecodeString(blob)
	if err != nil {
		return 0
	}
	var last []byte
	for range 3 {
		if len(data) < 4 {
			return 0
		}
		n := binary.BigEndian.Uint32(data)
		if uint64(n) > uint64(len(data)-4) {
			return 0
		}
		last, data = data[4:4+n], data[4+n:]
	}
	for len(last) > 0 && last[0] == 0 {
		last = last[1:]
	}
	return 8 * len(last)
}
