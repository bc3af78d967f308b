package gitops

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// postRender has the chart's objects go through kustomize once for each post-renderer, in their order ("Post renderers" of
// Flux' HelmRelease).
func (w *World) postRender(o *manifests.Object, root *manifests.Root) error {
	d := root.Deployment
	var said []manifests.Field
	for _, r := range o.Field().Get("spec", "postRenderers").Items() {
		if kustomize := r.Get("kustomize"); kustomize.IsMap() {
			said = append(said, kustomize)
		}
	}
	if len(said) == 0 {
		return nil
	}
	if err := w.spend(len(said) * perSet); err != nil {
		return err
	}
	dir := ""
	for i, kustomize := range said {
		p := &page{}
		p.add("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", d.At)
		if i == 0 {
			if err := inflating(p, root); err != nil {
				return err
			}
		} else {
			p.add("resources: [../"+path.Base(dir)+"]\n", d.At)
		}
		dir = fmt.Sprintf("%s/post-%d", laidDir, i)
		a := &amendment{file: dir + "/kustomization.yaml"}
		a.replace(0, 0, p)
		if err := w.patches(a, o, kustomize); err != nil {
			return err
		}
		if err := postImages(a, o, kustomize.Get("images").Items()); err != nil {
			return err
		}
		d.Laid = append(d.Laid, a.laid())
	}
	d.Render, d.Free = manifests.Kustomize, true
	d.Dirs = append(d.Dirs, root.Dir)
	d.Dirs = append(d.Dirs, root.Values...)
	root.Dir, root.Values, root.Free = dir, nil, true
	return nil
}

// inflating has a kustomization take the objects of a root's chart.
func inflating(p *page, root *manifests.Root) error {
	d := root.Deployment
	chart := map[string]any{"name": path.Base(root.Dir), "releaseName": root.Release, "namespace": root.Namespace, "includeCRDs": d.CRDs}
	var files []string
	for _, file := range root.Values {
		files = append(files, up(file))
	}
	if len(files) > 0 {
		chart["valuesFile"], chart["additionalValuesFiles"] = files[0], files[1:]
	}
	home, err := jsonText(up(path.Dir(root.Dir)))
	if err != nil {
		return err
	}
	text, err := jsonText(chart)
	if err != nil {
		return err
	}
	p.add("helmGlobals: {chartHome: "+home+"}\nhelmCharts:\n- "+text+"\n", d.At)
	return nil
}

// postImages adds the images of a post-renderer, each as it is written.
func postImages(a *amendment, o *manifests.Object, images []manifests.Field) error {
	items := &page{}
	for _, image := range images {
		says := map[string]string{}
		for _, key := range slices.Concat([]string{"name"}, imageKeys()) {
			if value := image.Get(key).Text(); value != "" {
				says[key] = value
			}
		}
		text, err := jsonText(says)
		if err != nil {
			return err
		}
		items.add("- "+text, originOf(o, image))
	}
	return a.extend("images", items)
}

// up is a path of the tree as seen from a directory of post-renderers.
func up(file string) string {
	if below, ok := strings.CutPrefix(file, laidDir+"/"); ok {
		return "../" + below
	}
	return "../../" + file
}
