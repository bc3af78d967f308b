package ownrule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review/admission"
	"go.yaml.in/yaml/v3"
)

// Example is an object that is right or wrong by a rule, with what is around it.
type Example struct {
	Object, Old, Namespace *yaml.Node // nil for none
	Params                 map[string]any
}

// Try holds an example against the rule. The error says that the rule is wrong about it, or that it is no example.
func (c *Compiled) Try(e Example, bad bool) error {
	o, err := exampleObject(e.Object)
	if err != nil {
		return err
	}
	if !c.isFor(o) {
		return fmt.Errorf("is %s of %s, which the rule is not for", o.Kind, o.APIVersion)
	}
	var before *manifests.Object
	if e.Old != nil {
		if before, err = exampleObject(e.Old); err != nil {
			return fmt.Errorf("oldObject: %w", err)
		}
	}
	beside := admission.Around{Params: plain(c.Params)}
	if e.Params != nil {
		beside.Params = plain(e.Params)
	}
	if e.Namespace != nil {
		namespace, err := exampleObject(e.Namespace)
		if err != nil {
			return fmt.Errorf("namespaceObject: %w", err)
		}
		beside.Namespace = admission.ReadNamespace(namespace.Name, valueOf(namespace))
	} else if o.Namespace != "" {
		beside.Namespace = admission.ReadNamespace(o.Namespace, nil)
	}
	return verdict(c.evaluate(requestOf(o, before, o.Namespace), beside), bad)
}

func verdict(out admission.Outcome, bad bool) error {
	switch {
	case len(out.Unknown) > 0:
		return errors.New("the rule asks who makes the request, which nobody knows")
	case len(out.Denials) > 0 && out.Denials[0].Failure != "":
		return fmt.Errorf("the rule cannot be evaluated: %s", out.Denials[0].Failure)
	case len(out.Denials) > 0 && !bad:
		return errors.New("the rule finds fault with it")
	case len(out.Denials) == 0 && bad:
		return errors.New("the rule finds nothing wrong with it")
	}
	return nil
}

func exampleObject(n *yaml.Node) (*manifests.Object, error) {
	if n == nil {
		return nil, errors.New("there is no object")
	}
	text, err := yaml.Marshal(n)
	if err != nil {
		return nil, err
	}
	return manifests.NewObject(text)
}

// isFor reports whether the rule is for an object's kind, as far as that can be told of it alone.
func (c *Compiled) isFor(o *manifests.Object) bool {
	return slices.ContainsFunc(c.Kinds, func(kind string) bool {
		name, group, grouped := strings.Cut(kind, ".")
		return kind == "*" || kind == "workload" || kind == "image" || name == o.Kind && (!grouped || group == o.Group())
	})
}
