package ownrule

import (
	"encoding/json"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/admission"
)

// reviewBudget is what all rules of one's own may cost on one side of a review, in CEL's cost, of which about ten million
// are a second; an evaluation counts leastCost at least.
const (
	reviewBudget = 200_000_000
	leastCost    = 200
)

// around is what one side of a review shares among the rules.
type around struct {
	mu         sync.Mutex
	budget     int64
	requests   map[*manifests.Object]*admission.Request
	namespaces map[string]*admission.Namespace
}

func reviewOf(p *review.Pass) *around {
	return review.OnceOf(p.Index, "ownrule", func(*review.Index) *around {
		return &around{budget: reviewBudget, requests: map[*manifests.Object]*admission.Request{}, namespaces: map[string]*admission.Namespace{}}
	})
}

// request makes the request by which an object comes into the cluster: it updates what base has, else it creates it.
func (a *around) request(p *review.Pass) (*admission.Request, admission.Around) {
	namespace := p.Root.Namespace(p.Object)
	beside := admission.Around{Namespace: a.namespace(p, namespace)}
	if known := a.requests[p.Object]; known != nil {
		return known, beside
	}
	var before *manifests.Object
	switch {
	case p.AtBase():
		before = p.Object // what is there already changes nothing
	case p.Base != nil:
		before = p.Base.Match(p.Object)
	}
	a.requests[p.Object] = requestOf(p.Object, before, namespace)
	return a.requests[p.Object], beside
}

func requestOf(o, before *manifests.Object, namespace string) *admission.Request {
	s := admission.Subject{APIVersion: o.APIVersion, Kind: o.Kind, Resource: admission.Plural(o.APIVersion, o.Kind), Namespace: namespace, Name: o.Name,
		Object: valueOf(o), Operation: admission.Create}
	if before != nil {
		s.Old, s.Operation = valueOf(before), admission.Update
	}
	return admission.NewRequest(s)
}

func valueOf(o *manifests.Object) map[string]any {
	value, _ := kubeapi.Value(o.Field().Node()).(map[string]any)
	return value
}

// namespace is what the repository knows of a namespace; nil where an object is in none.
func (a *around) namespace(p *review.Pass, name string) *admission.Namespace {
	if name == "" {
		return nil
	}
	if known := a.namespaces[name]; known != nil {
		return known
	}
	var object map[string]any
	if found := p.Index.Find("Namespace", "", name); found != nil && found.APIVersion == "v1" {
		object = valueOf(found)
	}
	a.namespaces[name] = admission.ReadNamespace(name, object)
	return a.namespaces[name]
}

// plain returns parameters as JSON has them.
func plain(params map[string]any) map[string]any {
	text, err := json.Marshal(params)
	if err != nil {
		return nil
	}
	o, err := manifests.ParseYAML(text)
	if err != nil {
		return nil
	}
	value, _ := kubeapi.Value(o).(map[string]any)
	return value
}
