package main

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// holders is a cluster that has the ConfigMaps of the archive, and answers nothing but questions for one of them.
type holders struct {
	client.Client

	objects []unstructured.Unstructured
}

// Get implements client.Reader.
func (h holders) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	for _, o := range h.objects {
		if o.GetKind() == "ConfigMap" && o.GetNamespace() == key.Namespace && o.GetName() == key.Name {
			return runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, into)
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, key.Name)
}
