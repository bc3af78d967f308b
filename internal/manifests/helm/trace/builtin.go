package trace

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"text/template"
)

// builtins are the functions that text/template has by itself. They take the same types as there, because these
// decide which arguments are refused. Of and and or only the types count, and there are no functions to call.
func builtins() map[string]any {
	return map[string]any{
		"and":      func(v reflect.Value, _ ...reflect.Value) reflect.Value { return v },
		"or":       func(v reflect.Value, _ ...reflect.Value) reflect.Value { return v },
		"not":      func(v reflect.Value) bool { truth, _ := isTrue(concrete(v)); return !truth },
		"call":     callNothing,
		"html":     template.HTMLEscaper,
		"js":       template.JSEscaper,
		"urlquery": template.URLQueryEscaper,
		"print":    fmt.Sprint,
		"printf":   fmt.Sprintf,
		"println":  fmt.Sprintln,
		"index":    indexed,
		"len":      length,
		"eq":       equal,
		"ne":       func(a, b reflect.Value) (bool, error) { same, err := equal(a, b); return !same, err },
		"lt":       less,
		"le":       lessOrEqual,
		"gt":       func(a, b reflect.Value) (bool, error) { le, err := lessOrEqual(a, b); return err == nil && !le, err },
		"ge":       func(a, b reflect.Value) (bool, error) { lt, err := less(a, b); return err == nil && !lt, err },
	}
}

func callNothing(fn reflect.Value, _ ...reflect.Value) (any, error) {
	if fn = concrete(fn); !fn.IsValid() {
		return nil, errors.New("call of nil")
	}
	return nil, fmt.Errorf("non-function of type %s", fn.Type())
}

// indexed follows keys and positions into maps, lists and strings.
func indexed(v reflect.Value, keys ...reflect.Value) (reflect.Value, error) {
	if v = concrete(v); !v.IsValid() {
		return v, errors.New("index of untyped nil")
	}
	for _, k := range keys {
		end, isNil := indirect(v)
		if isNil {
			return v, errors.New("index of nil pointer")
		}
		var err error
		if v, err = element(end, concrete(k)); err != nil {
			return v, err
		}
	}
	return v, nil
}

// element reads one element of a map, list or string.
func element(of, k reflect.Value) (reflect.Value, error) {
	switch of.Kind() {
	case reflect.Array, reflect.Slice, reflect.String:
		i, err := position(k, of.Len())
		if err != nil {
			return reflect.Value{}, err
		}
		if i >= of.Len() {
			return reflect.Value{}, fmt.Errorf("index out of range: %d", i)
		}
		return of.Index(i), nil
	case reflect.Map:
		k, err := mapKey(k, of.Type().Key())
		if err != nil {
			return reflect.Value{}, err
		}
		if elem := of.MapIndex(k); elem.IsValid() {
			return elem, nil
		}
		return reflect.Zero(of.Type().Elem()), nil
	}
	return reflect.Value{}, fmt.Errorf("can't index item of type %s", of.Type())
}

func position(k reflect.Value, length int) (int, error) {
	var i int64
	switch {
	case !k.IsValid():
		return 0, errors.New("cannot index slice/array with nil")
	case k.CanInt():
		i = k.Int()
	case k.CanUint():
		i = int64(k.Uint())
	default:
		return 0, fmt.Errorf("cannot index slice/array with type %s", k.Type())
	}
	if i < 0 || i > int64(length) {
		return 0, fmt.Errorf("index out of range: %d", i)
	}
	return int(i), nil
}

func mapKey(k reflect.Value, t reflect.Type) (reflect.Value, error) {
	if !k.IsValid() {
		if !canBeNil(t) {
			return k, fmt.Errorf("value is nil; should be of type %s", t)
		}
		return reflect.Zero(t), nil
	}
	isNumber := func(t reflect.Type) bool { return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uintptr }
	switch {
	case k.Type().AssignableTo(t):
		return k, nil
	case isNumber(k.Type()) && isNumber(t):
		return k.Convert(t), nil
	}
	return k, fmt.Errorf("value has type %s; should be %s", k.Type(), t)
}

func length(v reflect.Value) (int, error) {
	v, isNil := indirect(v)
	if isNil {
		return 0, errors.New("len of nil pointer")
	}
	switch v.Kind() {
	case reflect.Array, reflect.Chan, reflect.Map, reflect.Slice, reflect.String:
		return v.Len(), nil
	case reflect.Invalid:
		return 0, errors.New("len of nil")
	}
	return 0, fmt.Errorf("len of type %s", v.Type())
}

// basic classes of values that can be compared with each other.
type basic uint8

const (
	other basic = iota
	boolean
	integer
	unsigned
	float
	complexNumber
	characters
)

func basicOf(v reflect.Value) basic {
	switch {
	case !v.IsValid():
		return other
	case v.Kind() == reflect.Bool:
		return boolean
	case v.CanInt():
		return integer
	case v.CanUint():
		return unsigned
	case v.CanFloat():
		return float
	case v.CanComplex():
		return complexNumber
	case v.Kind() == reflect.String:
		return characters
	}
	return other
}

// equal reports whether the first value equals one of the others.
func equal(first reflect.Value, others ...reflect.Value) (bool, error) {
	if len(others) == 0 {
		return false, errors.New("missing argument for comparison")
	}
	first = concrete(first)
	for _, v := range others {
		if same, err := equalTwo(first, concrete(v)); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

func equalTwo(a, b reflect.Value) (bool, error) {
	ka, kb := basicOf(a), basicOf(b)
	switch {
	case ka == integer && kb == unsigned:
		return a.Int() >= 0 && uint64(a.Int()) == b.Uint(), nil
	case ka == unsigned && kb == integer:
		return equalTwo(b, a)
	case ka != kb && a.IsValid() && b.IsValid():
		return false, fmt.Errorf("incompatible types for comparison: %v and %v", a.Type(), b.Type())
	case ka != kb:
		return false, nil
	case ka == complexNumber:
		return a.Complex() == b.Complex(), nil
	case ka == boolean:
		return a.Bool() == b.Bool(), nil
	case ka != other:
		order, ordered := compare(a, b)
		return ordered && order == 0, nil
	}
	if a.Kind() != b.Kind() && a.IsValid() && b.IsValid() {
		return false, fmt.Errorf("non-comparable types %v and %v", a.Type(), b.Type())
	}
	if isNil(a) || isNil(b) {
		return isNil(a) == isNil(b), nil
	}
	if !b.Type().Comparable() {
		return false, fmt.Errorf("non-comparable type %v", b.Type())
	}
	return a.Interface() == b.Interface(), nil
}

func isNil(v reflect.Value) bool {
	return !v.IsValid() || v.Type() != valueType && canBeNil(v.Type()) && v.IsNil()
}

// compare compares two values of one class; ordered is false for what is not a number.
func compare(a, b reflect.Value) (order int, ordered bool) {
	switch basicOf(a) {
	case integer:
		return cmp.Compare(a.Int(), b.Int()), true
	case unsigned:
		return cmp.Compare(a.Uint(), b.Uint()), true
	case characters:
		return cmp.Compare(a.String(), b.String()), true
	}
	x, y := a.Float(), b.Float()
	return cmp.Compare(x, y), x == x && y == y
}

func less(a, b reflect.Value) (bool, error) {
	a, b = concrete(a), concrete(b)
	ka, kb := basicOf(a), basicOf(b)
	switch {
	case ka == other || kb == other:
		return false, errors.New("invalid type for comparison")
	case ka == integer && kb == unsigned:
		return a.Int() < 0 || uint64(a.Int()) < b.Uint(), nil
	case ka == unsigned && kb == integer:
		return b.Int() >= 0 && a.Uint() < uint64(b.Int()), nil
	case ka != kb:
		return false, fmt.Errorf("incompatible types for comparison: %v and %v", a.Type(), b.Type())
	case ka == boolean || ka == complexNumber:
		return false, errors.New("invalid type for comparison")
	}
	order, ordered := compare(a, b)
	return ordered && order < 0, nil
}

func lessOrEqual(a, b reflect.Value) (bool, error) {
	lt, err := less(a, b)
	if lt || err != nil {
		return lt, err
	}
	return equal(a, b)
}
