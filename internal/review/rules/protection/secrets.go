package protection

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// readEncryptedSecret reads whether what a Secret holds is encrypted by SOPS.
func readEncryptedSecret(_ side, o *manifests.Object) []*guard {
	if at := o.Field().Get("sops"); at.IsMap() {
		return []*guard{{key: "encrypted " + o.Name, does: "the encryption of its values in the repository", at: at}}
	}
	return nil
}

// readSealedSecret reads a Secret that only the cluster can open.
func readSealedSecret(s side, o *manifests.Object) []*guard {
	return []*guard{{key: "sealed " + s.Namespace(o) + " " + o.Name, does: "the encryption of Secret " + o.Name + " in the repository", at: o.Field().Get("spec", "encryptedData")}}
}

// secretGone reports whether head has no Secret in the open in place of a sealed one.
func secretGone(p *review.Pass) bool {
	for _, o := range p.Root.OfKind("Secret") {
		data := len(o.Field().Get("data").Entries()) + len(o.Field().Get("stringData").Entries())
		if o.Name == p.Object.Name && data > 0 && !o.Field().Get("sops").IsMap() {
			return false
		}
	}
	return true
}
