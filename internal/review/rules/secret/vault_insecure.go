package secret

import (
	"net"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var vaultInsecure = review.Rule{
	ID: "vault-insecure", Level: review.Error, Guidelines: []string{"G27"},
	Summary: "Vault runs in dev mode, without TLS or without being unsealed by a KMS, or is asked without verifying it",
	Kinds: []string{review.Workloads, "ConfigMap", "Secret", "VaultConnection.secrets.hashicorp.com",
		"SecretProviderClass.secrets-store.csi.x-k8s.io", "Vault.vault.banzaicloud.com", "SecretStore.external-secrets.io",
		"ClusterSecretStore.external-secrets.io"},
	Check: checkVaultInsecure,
}

const (
	vaultDev     = "In dev mode Vault keeps everything in memory, is unsealed, speaks plain HTTP, and its root token is known from the command or the log. It is for a laptop."
	vaultPlain   = "Tokens and secrets go over the network in the clear. Give the listener a certificate (`tls_cert_file`, `tls_key_file`)."
	vaultBlind   = "The token, and all that it opens, goes to whoever answers at Vault's address. Mount the CA's certificate and name it (`ca-cert`, `VAULT_CACERT`) instead."
	vaultUnseals = "After each restart people have to bring their shares of the key together before anything gets a secret, which is why shares end up in scripts. Let a key service of the cloud, a hardware module or another Vault unseal it: a `seal` block, or VAULT_SEAL_TYPE."
)

func checkVaultInsecure(p *review.Pass) {
	o := p.Object
	spec := o.Field().Get("spec")
	for _, at := range []manifests.Field{spec.Get("skipTLSVerify"), spec.Get("parameters", "vaultSkipTLSVerify")} {
		if isOn(at) && (o.Kind == "VaultConnection" || o.Kind == "SecretProviderClass") {
			p.Report(at, "%s %s does not verify Vault's certificate", o.Kind, o.Name).Detail(vaultBlind)
		}
	}
	for _, address := range [][]string{{"address"}, {"parameters", "vaultAddress"}, {"provider", "vault", "server"}} {
		if at := spec.Get(address...); slices.Contains(vaultClients, o.Kind) && isPlainAddress(at.Text()) {
			p.Report(at, "%s %s talks to Vault without TLS", o.Kind, o.Name).Lower(review.Warning).Detail(vaultPlain)
		}
	}
	for _, pod := range p.Root.Workloads(o) {
		if at := pod.Meta.Get("annotations", "vault.hashicorp.com/tls-skip-verify"); isOn(at) {
			p.Report(at, "the injected agent does not verify Vault's certificate").Detail(vaultBlind)
		}
		for _, c := range pod.Containers {
			checkVaultContainer(p, c)
		}
	}
	for f := range files(o) {
		checkVaultFile(p, f)
	}
	if o.Kind == "Vault" {
		for _, b := range jsonBlocks(spec.Get("config")) {
			if _, off := b.isOn("tls_disable"); off && b.kind == "listener" && !b.isLocal() {
				p.Report(spec.Get("config", b.kind), "listener %s of Vault does without TLS", b.label).Detail(vaultPlain)
			}
		}
	}
}

// vaultClients are the kinds whose objects say where a Vault is that is asked for secrets.
var vaultClients = []string{"VaultConnection", "SecretProviderClass", "SecretStore", "ClusterSecretStore"}

// isPlainAddress reports whether an address is one of HTTP on another machine.
func isPlainAddress(text string) bool {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(address.Hostname())
	return address.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// isOn reports whether a field says yes, as a boolean or in words.
func isOn(f manifests.Field) bool {
	switch strings.ToLower(f.Text()) {
	case "true", "1", "t", "yes":
		return true
	}
	return f.True()
}

// checkVaultContainer judges what a container is started with.
func checkVaultContainer(p *review.Pass, c review.Container) {
	dev := false
	for _, variable := range c.Get("env").Items() {
		switch name, value := variable.Get("name").Text(), variable.Get("value"); {
		case (name == "VAULT_SKIP_VERIFY" || name == "BAO_SKIP_VERIFY") && isOn(value):
			p.Report(value, "%s does not verify Vault's certificate", c.Title()).Detail(vaultBlind)
		case isVault(c) && (name == "VAULT_DEV_ROOT_TOKEN_ID" || name == "VAULT_DEV_LISTEN_ADDRESS") && !dev:
			dev = true
			p.Report(variable, "%s runs Vault in dev mode", c.Title()).Detail(vaultDev)
		}
	}
	words := c.Command()
	if len(words) == 0 && isVault(c) && !dev {
		p.Report(c.Get("image"), "%s runs Vault in dev mode, which its image does without arguments", c.Title()).Detail(vaultDev)
	}
	for _, key := range []string{"command", "args"} {
		for _, item := range c.Get(key).Items() {
			words := wordsOf(item.Text())
			server := isVault(c) || slices.Contains(words, "vault") && slices.Contains(words, "server")
			switch isFlag := func(name string) bool { return slices.ContainsFunc(words, flagCalled(name)) }; {
			case server && !dev && (isFlag("dev") || isFlag("dev-tls")):
				dev = true
				p.Report(item, "%s runs Vault in dev mode", c.Title()).Detail(vaultDev)
			case (isVault(c) || slices.Contains(words, "vault")) && isFlag("tls-skip-verify"):
				p.Report(item, "%s does not verify Vault's certificate", c.Title()).Detail(vaultBlind)
			}
		}
	}
}

// flagCalled matches a flag in the forms of Go's flag package, unless it is set to false.
func flagCalled(name string) func(string) bool {
	return func(word string) bool {
		flag, value, _ := strings.Cut(word, "=")
		return strings.HasPrefix(flag, "-") && strings.TrimLeft(flag, "-") == name && value != "false"
	}
}

// isVault reports whether a container runs Vault's or OpenBao's own image, which is server and agent in one.
func isVault(c review.Container) bool {
	ref, err := c.Reference()
	if err != nil {
		return false
	}
	name := path.Base(ref.Repository)
	return name == "vault" || name == "vault-enterprise" || name == "openbao"
}

// checkVaultFile judges a configuration of Vault's server or agent.
func checkVaultFile(p *review.Pass, f file) {
	if !strings.Contains(f.text, "listener") && !strings.Contains(f.text, "tls_skip_verify") {
		return
	}
	blocks, ok := vaultBlocks(f.text)
	if !ok {
		return
	}
	kinds := map[string]bool{}
	for _, b := range blocks {
		kinds[b.kind] = true
		if line, off := b.isOn("tls_disable"); off && b.kind == "listener" && !b.isLocal() {
			f.report(p, line, "listener %s of Vault does without TLS", b.label).Detail(vaultPlain)
		}
		if line, blind := b.isOn("tls_skip_verify"); blind && (b.kind == "vault" || b.kind == "storage" || b.kind == "service_registration" || b.kind == "retry_join") {
			f.report(p, line, "%s does not verify the certificate of what it asks", b.kind).Detail(vaultBlind)
		}
	}
	server := kinds["listener"] && (kinds["storage"] || kinds["ha_storage"] || kinds["backend"])
	if server && !kinds["seal"] && !sealedBySetting(p) {
		f.report(p, 1, "Vault is unsealed by hand: its configuration has no seal").Lower(review.Warning).Detail(vaultUnseals)
	}
}

// isLocal reports whether a listener is reached from its own pod only.
func (b *block) isLocal() bool {
	address := b.settings["address"].value
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback()) || strings.HasPrefix(address, "/") || strings.HasPrefix(b.label, "unix")
}

// sealedBySetting reports whether a container of the root chooses Vault's seal by a variable.
func sealedBySetting(p *review.Pass) bool {
	for _, o := range p.Root.Objects {
		for _, pod := range p.Root.Workloads(o) {
			for _, c := range pod.Containers {
				if slices.ContainsFunc(c.Get("env").Items(), func(v manifests.Field) bool { return v.Get("name").Text() == "VAULT_SEAL_TYPE" }) {
					return true
				}
			}
		}
	}
	return false
}
