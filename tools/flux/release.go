package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/chartutil"
	"github.com/go-logr/logr"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	helmchart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	helmutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// helmRelease is what counts of a HelmRelease here.
type helmRelease struct {
	Metadata struct{ Name, Namespace string }
	Spec     struct {
		ReleaseName, TargetNamespace string
		Chart                        struct {
			Spec struct {
				Chart                    string
				ValuesFiles              []string
				IgnoreMissingValuesFiles bool
			}
		}
		ValuesFrom     []meta.ValuesReference
		Values         map[string]any
		Install        struct{ CRDs string }
		CommonMetadata struct{ Labels, Annotations map[string]string }
		PostRenderers  []struct {
			Kustomize struct {
				Patches []types.Patch
				Images  []types.Image
			}
		}
	}
}

// release is what helm-controller installs of a HelmRelease whose chart is in the archive. Its values are put together by
// Flux's library, its chart is rendered by Helm and its post-renderers are run by kustomize, as the controller calls them
// (its specification of HelmRelease v2, and that of HelmChart for the values files).
func release(top string, objects []unstructured.Unstructured, o unstructured.Unstructured) ([]byte, error) {
	var r helmRelease
	text, err := json.Marshal(o.Object)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	ctx := context.Background()
	values, err := chartutil.ChartValuesFromReferences(ctx, logr.Discard(), holders{objects: objects}, r.Metadata.Namespace, r.Spec.Values, r.Spec.ValuesFrom...)
	if err != nil {
		return nil, err
	}
	chart, err := loader.LoadDir(filepath.Join(top, r.Spec.Chart.Spec.Chart))
	if err != nil {
		return nil, err
	}
	if err := r.filesOf(top, chart); err != nil {
		return nil, err
	}
	if text, err = r.render(chart, values); err != nil {
		return nil, err
	}
	for _, post := range r.Spec.PostRenderers {
		if text, err = postRender(text, post.Kustomize.Patches, post.Kustomize.Images); err != nil {
			return nil, err
		}
	}
	return r.installed(text, chart)
}

// filesOf gives a chart the values files that its HelmRelease names instead of its own.
func (r *helmRelease) filesOf(top string, chart *helmchart.Chart) error {
	spec := r.Spec.Chart.Spec
	if len(spec.ValuesFiles) == 0 {
		return nil
	}
	merged := map[string]any{}
	for _, name := range spec.ValuesFiles {
		data, err := os.ReadFile(filepath.Join(top, filepath.Join("/", name)))
		if os.IsNotExist(err) && spec.IgnoreMissingValuesFiles {
			continue
		}
		if err != nil {
			return err
		}
		one := map[string]any{}
		if err := yaml.Unmarshal(data, &one); err != nil {
			return err
		}
		merged = chartutil.MergeMaps(merged, one)
	}
	chart.Values = merged
	return nil
}

func (r *helmRelease) namespace() string {
	if r.Spec.TargetNamespace != "" {
		return r.Spec.TargetNamespace
	}
	return r.Metadata.Namespace
}

// name is the release's, shortened as the specification says.
func (r *helmRelease) name() string {
	name := r.Spec.ReleaseName
	if name == "" {
		if name = r.Metadata.Name; r.Spec.TargetNamespace != "" {
			name = r.Spec.TargetNamespace + "-" + name
		}
	}
	if len(name) > 53 {
		name = name[:40] + "-" + fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:12]
	}
	return name
}

func (r *helmRelease) render(chart *helmchart.Chart, values common.Values) ([]byte, error) {
	if err := helmutil.ProcessDependencies(chart, values); err != nil {
		return nil, err
	}
	caps := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion("v1.36.0")
	if err != nil {
		return nil, err
	}
	caps.KubeVersion = *version
	all, err := util.ToRenderValues(chart, values, common.ReleaseOptions{Name: r.name(), Namespace: r.namespace(), Revision: 1, IsInstall: true}, caps)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if base := path.Base(name); !strings.HasPrefix(base, "_") && base != "NOTES.txt" {
			out.WriteString("---\n" + files[name] + "\n")
		}
	}
	return out.Bytes(), nil
}

func postRender(text []byte, patches []types.Patch, images []types.Image) ([]byte, error) {
	files := filesys.MakeFsInMemory()
	config := types.Kustomization{Resources: []string{"output.yaml"}, Patches: patches, Images: images}
	config.APIVersion, config.Kind = types.KustomizationVersion, types.KustomizationKind
	kustomization, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	for name, data := range map[string][]byte{"output.yaml": text, "kustomization.yaml": kustomization} {
		if err := files.WriteFile(name, data); err != nil {
			return nil, err
		}
	}
	built, err := krusty.MakeKustomizer(&krusty.Options{LoadRestrictions: types.LoadRestrictionsNone, PluginConfig: types.DisabledPluginConfig()}).Run(files, ".")
	if err != nil {
		return nil, err
	}
	return built.AsYaml()
}

// installed are the objects as they get into the cluster, those of crds/ with them.
func (r *helmRelease) installed(text []byte, chart *helmchart.Chart) ([]byte, error) {
	var out []string
	for _, doc := range strings.Split("\n"+string(text), "\n---\n") {
		var o unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(doc), &o.Object); err != nil {
			return nil, err
		}
		if o.Object == nil {
			continue
		}
		if o.GetNamespace() == "" && o.GetKind() != "ClusterRole" && o.GetKind() != "CustomResourceDefinition" {
			o.SetNamespace(r.namespace())
		}
		o.SetLabels(over(o.GetLabels(), r.Spec.CommonMetadata.Labels))
		o.SetAnnotations(over(o.GetAnnotations(), r.Spec.CommonMetadata.Annotations))
		object, err := yaml.Marshal(o.Object)
		if err != nil {
			return nil, err
		}
		out = append(out, string(object))
	}
	if r.Spec.Install.CRDs != "Skip" {
		for _, crd := range chart.CRDObjects() {
			var value any
			if err := yaml.Unmarshal(crd.File.Data, &value); err != nil {
				return nil, err
			}
			object, err := yaml.Marshal(value)
			if err != nil {
				return nil, err
			}
			out = append(out, string(object))
		}
	}
	slices.Sort(out)
	return []byte(strings.Join(out, "---\n")), nil
}

// over is own with more on top.
func over(own, more map[string]string) map[string]string {
	if len(more) == 0 {
		return own
	}
	all := maps.Clone(own)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, more)
	return all
}
