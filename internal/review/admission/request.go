package admission

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"

	corev1 "k8s.io/api/core/v1"
)

// Operation is what a request does.
type Operation string

// The operations.
const (
	Create Operation = "CREATE"
	Update Operation = "UPDATE"
	Delete Operation = "DELETE"
)

// Subject is the object that a request is about. Its values are as JSON has them and belong to the request, which
// changes them.
type Subject struct {
	APIVersion, Kind string
	Resource         string // the kind's plural, as in deployments
	Namespace, Name  string
	Object, Old      map[string]any // nil where there is none
	Operation        Operation

	// AsStored says that the object is to be seen as the API server sees it: with Kubernetes' defaults filled in and
	// all the fields that its type has. Otherwise it is seen as written.
	AsStored bool
}

// Request is an object on its way into the cluster. It may be used by one goroutine at a time.
type Request struct {
	Subject
	kind       schema.GroupVersionKind
	resource   schema.GroupVersionResource
	bare       admission.Attributes // without the object, which is made when the request is evaluated
	attributes *admission.VersionedAttributes
}

// NewRequest makes a request.
func NewRequest(s Subject) *Request {
	kind := schema.FromAPIVersionAndKind(s.APIVersion, s.Kind)
	r := &Request{Subject: s, kind: kind, resource: kind.GroupVersion().WithResource(s.Resource)}
	r.bare = r.record(nil, nil)
	return r
}

func (r *Request) record(object, old runtime.Object) admission.Attributes {
	return admission.NewAttributesRecord(object, old, r.kind, r.Namespace, r.Name, r.resource, "", admission.Operation(r.Operation), nil, false, somebody)
}

// versioned returns the request with its objects, as expressions see them.
func (r *Request) versioned() *admission.VersionedAttributes {
	if r.attributes == nil {
		object, old := r.value(r.Object), r.value(r.Old)
		r.attributes = &admission.VersionedAttributes{Attributes: r.record(object, old), VersionedKind: r.kind,
			VersionedObject: admission.NewLazyObject(object), VersionedOldObject: admission.NewLazyObject(old)}
	}
	return r.attributes
}

// somebody is who makes requests: nobody knows more of them than that they are known to the cluster.
var somebody = &user.DefaultInfo{Groups: []string{user.AllAuthenticated}}

// value returns an object as expressions see it. What does not fit its type is seen as written.
func (s Subject) value(object map[string]any) runtime.Object {
	if object == nil {
		return nil
	}
	if s.AsStored {
		fillIn(object)
		if typed := typed(object); typed != nil {
			return typed
		}
	}
	return &unstructured.Unstructured{Object: object}
}

// typed returns an object of one of Kubernetes' own kinds as its Go type; nil for any other, and for what does not fit.
func typed(object map[string]any) runtime.Object {
	u := unstructured.Unstructured{Object: object}
	made, err := scheme.Scheme.New(u.GroupVersionKind())
	if err != nil || kubeapi.HasEndless(object) || runtime.DefaultUnstructuredConverter.FromUnstructured(object, made) != nil {
		return nil
	}
	return made
}

// Namespace is a namespace as expressions see it.
type Namespace struct{ object *corev1.Namespace }

// nameLabel is on every namespace.
const nameLabel = "kubernetes.io/metadata.name"

// ReadNamespace makes a Namespace of its object, which may be nil where only the name is known.
func ReadNamespace(name string, object map[string]any) *Namespace {
	n := &corev1.Namespace{}
	if object == nil || runtime.DefaultUnstructuredConverter.FromUnstructured(object, n) != nil {
		n = &corev1.Namespace{}
	}
	n.Name = name
	if n.Labels == nil {
		n.Labels = map[string]string{}
	}
	n.Labels[nameLabel] = name
	n.Spec.Finalizers = append(n.Spec.Finalizers, corev1.FinalizerKubernetes)
	n.Status.Phase = corev1.NamespaceActive
	return &Namespace{n}
}

// Plural returns the resource of a kind, as the API server's own kinds are called: deployments, ingresses, networkpolicies.
func Plural(apiVersion, kind string) string {
	plural, _ := meta.UnsafeGuessKindToResource(schema.FromAPIVersionAndKind(apiVersion, kind))
	return plural.Resource
}
