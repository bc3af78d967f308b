package controlplane

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imagePolicyWebhook = review.Rule{
	ID: "image-policy-webhook", Level: review.Error, Guidelines: []string{"G12", "G26"},
	Summary:   "Images are admitted while the image policy webhook does not answer",
	CheckRoot: checkImagePolicyWebhook,
}

func checkImagePolicyWebhook(p *review.Pass) {
	for _, config := range surveyOf(p.Root).documents {
		for _, policy := range imagePolicies(config) {
			at := policy.Get("defaultAllow")
			if !at.True() {
				continue
			}
			d := config.place(at).report(p, "any image is admitted while the image policy webhook does not answer").
				Detail("Whoever can keep the webhook from answering, or waits until it does not, starts what it would have refused.")
			if ops := config.set(at, false); len(ops) > 0 {
				d.Fix("Refuse what was not looked at", ops...).Unsafe()
			}
		}
	}
}

// imagePolicies are the settings of ImagePolicyWebhook in an AdmissionConfiguration, or in a file of its own.
func imagePolicies(config document) []manifests.Field {
	if config.kind == "" && config.text.Exists() {
		return []manifests.Field{config.Get("imagePolicy")}
	}
	var found []manifests.Field
	if config.kind == "AdmissionConfiguration" && (config.group == "apiserver.config.k8s.io" || config.group == "apiserver.k8s.io") {
		for _, plugin := range config.Get("plugins").Items() {
			if plugin.Get("name").Text() == "ImagePolicyWebhook" {
				found = append(found, plugin.Get("configuration", "imagePolicy"))
			}
		}
	}
	return found
}
