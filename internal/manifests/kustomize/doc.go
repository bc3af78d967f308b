// Package kustomize renders kustomizations out of a source tree, as the kustomize command does, and traces every
// rendered field to the line of the repository that sets it.
//
// Words: a kustomization is one kustomization file as it is loaded by one other (a base that two overlays use is
// two kustomizations); a layer is what one kustomization does to the objects of those below it; an entry is one
// item of a list in a kustomization file.
//
// Nothing is executed, fetched or written. What kustomize would fetch or execute is found before it runs, in the
// very form kustomize decodes it, and refused.
package kustomize
