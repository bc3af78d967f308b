package cloud

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var terraformRegistry = review.Rule{
	ID: "terraform-registry", Level: review.Warning, Guidelines: []string{"G13", "G14"},
	Summary:   "Terraform makes an image repository whose tags move, or whose images nobody scans",
	Kinds:     resources("aws_ecr_repository", "google_artifact_registry_repository"),
	Terraform: true,
	Check:     checkRegistry,
}

const (
	movingTags = "Who may push can put another image behind a tag that is already deployed, and what was reviewed is no longer what runs."
	unscanned  = "What is known of an image's packages is found out when somebody looks for it. Have each image scanned as it is pushed."
)

func checkRegistry(p *review.Pass) {
	f := body(p.Object)
	if p.Object.Kind == "google_artifact_registry_repository" {
		if !strings.EqualFold(f.Get("format").Text(), "docker") || f.Get("mode").IsSet() && f.Get("mode").Text() != "STANDARD_REPOSITORY" {
			return
		}
		at := f.Get("docker_config")
		for _, config := range blocks(at) {
			if at = config.Get("immutable_tags"); at.IsSet() && !isFalse(at) {
				return
			}
		}
		p.Report(at, "tags of %s can be moved to other images", title(p.Object)).Detail(movingTags)
		return
	}
	if at := f.Get("image_tag_mutability"); !at.IsSet() || at.Text() == "MUTABLE" {
		p.Report(at, "tags of %s can be moved to other images", title(p.Object)).Detail(movingTags)
	}
	if len(all(p.Root, ofResource, "aws_ecr_registry_scanning_configuration", "aws_inspector2_enabler")) > 0 {
		return // the registry scans for all of its repositories
	}
	at := f.Get("image_scanning_configuration")
	for _, config := range blocks(at) {
		if at = config.Get("scan_on_push"); at.IsSet() && !isFalse(at) {
			return
		}
	}
	if !at.Exists() || isFalse(at) {
		p.Report(at, "images of %s are not scanned when they are pushed", title(p.Object)).Detail(unscanned)
	}
}
