package manifests

import (
	"strings"
)

// terraformSuffixes end the names of files that make up a module of Terraform or OpenTofu.
var terraformSuffixes = []string{".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json"}

// isTerraform reports whether a file is part of a module.
func isTerraform(name string) bool {
	for _, suffix := range terraformSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// terraformRoots makes a root of each directory with a module, and of those with values for one. Copies of modules that
// Terraform fetched are not the repository's own.
func (d *discoverer) terraformRoots() {
	for _, dir := range d.dirs {
		if !dir.wanted || dir.zone == zoneSealed || strings.Contains("/"+dir.path+"/", "/.terraform/") {
			continue
		}
		var files []string
		for _, f := range dir.files {
			if p := joinPath(dir.path, f.Name); isTerraform(f.Name) && !matchAbove(d.options.Owned, p) {
				files = append(files, p)
			}
		}
		if len(files) > 0 {
			d.roots = append(d.roots, Root{Path: dir.path, Kind: Terraform, Dir: dir.path, Files: files})
		}
	}
}
