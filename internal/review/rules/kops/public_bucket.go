package kops

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// ofTerraform is the group of Terraform's resources: see package terraform of manifests.
const ofTerraform = "resource.terraform"

const publicBucketDetail = "The private keys of the cluster's authorities and its secrets are in it. Whoever reads them can make a certificate for any user."

// checkStateBuckets reports buckets of Terraform that are a state store of kops by their name, and that everybody may read.
func checkStateBuckets(p *review.Pass) {
	for _, bucket := range slices.Concat(p.Root.OfKind("aws_s3_bucket"), p.Root.OfKind("google_storage_bucket")) {
		if bucket.Group() != ofTerraform || !keepsState(p, bucket) {
			continue
		}
		reportPublic(p, bucket, bucket.Field().Get("body", "acl"), isPublicACL)
		for _, grant := range []struct {
			kind, key string
			opens     func(manifests.Field) bool
		}{
			{"aws_s3_bucket_acl", "acl", isPublicACL}, {"aws_s3_bucket_policy", "policy", isPublicPolicy},
			{"google_storage_bucket_acl", "predefined_acl", isPublicACL}, {"google_storage_default_object_acl", "predefined_acl", isPublicACL},
			{"google_storage_bucket_iam_member", "member", isEverybody}, {"google_storage_bucket_iam_binding", "members", isEverybody},
		} {
			for _, o := range p.Root.OfKind(grant.kind) {
				if o.Group() == ofTerraform && isOn(o, bucket) {
					reportPublic(p, o, o.Field().Get("body", grant.key), grant.opens)
				}
			}
		}
	}
}

// keepsState reports whether a bucket is called a state store of kops, or a cluster of the repository names it as its own.
func keepsState(p *review.Pass, bucket *manifests.Object) bool {
	body := bucket.Field().Get("body")
	for _, o := range append(p.Root.OfKind("Cluster"), p.Index.OfKind("Cluster")...) {
		base := o.Field().Get("spec", "configBase").Text() + o.Field().Get("spec", "configStore", "base").Text()
		_, rest, _ := strings.Cut(base, "://")
		name, _, _ := strings.Cut(rest, "/")
		if name != "" && (name == body.Get("bucket").Text() || name == body.Get("name").Text()) {
			return true
		}
	}
	for _, name := range []string{bucket.Name, body.Get("bucket").Text(), body.Get("bucket_prefix").Text(), body.Get("name").Text()} {
		if strings.Contains(strings.ToLower(name), "kops") {
			return true
		}
	}
	return false
}

// isOn reports whether a resource is about a bucket: it depends on it, or has its name.
func isOn(o, bucket *manifests.Object) bool {
	on := o.Field().Get("body", "bucket").Text()
	if inner, later := strings.CutPrefix(on, "${"); later {
		return slices.Contains(strings.Split(strings.TrimSuffix(inner, "}"), ","), bucket.Kind+"."+bucket.Name)
	}
	body := bucket.Field().Get("body")
	return on != "" && (on == body.Get("bucket").Text() || on == body.Get("name").Text())
}

func reportPublic(p *review.Pass, o *manifests.Object, at manifests.Field, opens func(manifests.Field) bool) {
	if opens(at) {
		p.ReportOn(o, at, "%s %s lets everybody read what kops keeps of clusters", o.Kind, o.Name).Detail(publicBucketDetail)
	}
}

// isPublicACL knows the lists of AWS and of Google that name everybody, or everybody with an account there.
func isPublicACL(at manifests.Field) bool {
	text := strings.ToLower(at.Text())
	return strings.HasPrefix(text, "public") || strings.HasPrefix(text, "authenticated")
}

// isEverybody reports whether a member, or one of several, is one of Google's names for everybody.
func isEverybody(at manifests.Field) bool {
	return slices.ContainsFunc(append(at.Items(), at), func(f manifests.Field) bool {
		return f.Text() == "allUsers" || f.Text() == "allAuthenticatedUsers"
	})
}

// isPublicPolicy reports whether a policy, written as JSON or encoded by Terraform, allows everybody something, without a
// condition.
func isPublicPolicy(at manifests.Field) bool {
	if text := strings.TrimSpace(at.Text()); strings.HasPrefix(text, "{") && len(text) < 1<<20 {
		if node, err := manifests.ParseYAML([]byte(text)); err == nil {
			at = manifests.NewField(node, "")
		}
	}
	statements := append(at.Get("Statement").Items(), at.Get("Statement"))
	return slices.ContainsFunc(statements, func(s manifests.Field) bool {
		return s.Get("Effect").Text() == "Allow" && !s.Get("Condition").IsSet() &&
			slices.ContainsFunc([]manifests.Field{s.Get("Principal"), s.Get("Principal", "AWS")}, isStar)
	})
}

func isStar(f manifests.Field) bool {
	return slices.ContainsFunc(append(f.Items(), f), func(f manifests.Field) bool { return f.Text() == "*" })
}
