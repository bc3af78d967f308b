package admission

import (
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"
	"github.com/google/cel-go/interpreter"
	"k8s.io/apiserver/pkg/cel/library"
)

// The API server counts what a call of a function costs when the call is over. These are limits on what one may take and
// make before, since whoever writes an expression may make one call take all memory, or hours. They lie beyond what a policy has use
// for: an object has three megabytes.
const (
	maxString = 8 << 20   // bytes that a call makes
	maxValues = 1_000_000 // in a list, with all that is in them, that a call looks through
	maxPairs  = 5_000     // in a list of which every two are compared
)

// guards are the checks of calls, by function. They return an error for what is not called.
var guards = map[string]func(args []ref.Val) ref.Val{
	operators.Equals: guardValues, operators.NotEquals: guardValues, operators.In: guardValues, "flatten": guardValues, "indexOf": guardValues, "lastIndexOf": guardValues,
	"sort": guardValues, "distinct": guardPairs, "sets.contains": guardPairs, "sets.equivalent": guardPairs, "sets.intersects": guardPairs,
	"replace": guardReplace, "join": guardJoin, "format": guardFormat,
	"quantity": guardQuantity, "isQuantity": guardQuantity,
	operators.Add: nil,
}

// guard puts the check before the calls that need one.
func guard(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	check, guarded := guards[call.Function()]
	switch {
	case !guarded:
		return i, nil
	case call.Function() == operators.Add:
		return addition{call}, nil
	}
	implementation := implementations()[call.OverloadID()]
	if implementation == nil {
		implementation = implementations()[call.Function()]
	}
	if implementation == nil {
		return i, nil
	}
	return checked{call, check, implementation}, nil
}

// implementations are what guarded functions are, by overload and by name.
var implementations = sync.OnceValue(func() map[string]functions.FunctionOp {
	equal := func(args ...ref.Val) ref.Val { return types.Equal(args[0], args[1]) }
	unequal := func(args ...ref.Val) ref.Val { return types.Bool(types.Equal(args[0], args[1]) != types.True) }
	found := map[string]functions.FunctionOp{operators.Equals: equal, operators.NotEquals: unequal}
	env, err := cel.NewEnv(ext.Strings(ext.StringsVersion(2)), ext.Lists(ext.ListsVersion(3)), ext.Sets(), library.Lists(library.ListsVersion(1)), library.Quantity())
	if err != nil {
		return found
	}
	for name := range guards {
		bindings, err := env.Functions()[name].Bindings()
		if err != nil {
			continue
		}
		for _, b := range bindings {
			if found[b.Operator] == nil {
				found[b.Operator] = operation(b)
			}
		}
	}
	return found
})

// operation returns an overload as a function of any arguments.
func operation(b *functions.Overload) functions.FunctionOp {
	return func(args ...ref.Val) ref.Val {
		switch {
		case len(args) == 1 && b.Unary != nil:
			return b.Unary(args[0])
		case len(args) == 2 && b.Binary != nil:
			return b.Binary(args[0], args[1])
		case b.Function != nil:
			return b.Function(args...)
		}
		return types.MaybeNoSuchOverloadErr(args[0])
	}
}

// checked is a call that is checked first.
type checked struct {
	interpreter.InterpretableCall
	check          func([]ref.Val) ref.Val
	implementation functions.FunctionOp
}

// Exec evaluates the arguments, and the call unless the check has something against it.
func (c checked) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	args, failed := arguments(c.InterpretableCall, frame)
	if failed != nil {
		return failed
	}
	if refused := c.check(args); refused != nil {
		return refused
	}
	return types.LabelErrNode(c.ID(), c.implementation(args...))
}

// Eval is Exec.
func (c checked) Eval(vars interpreter.Activation) ref.Val { return c.Exec(interpreter.AsFrame(vars)) }

// arguments evaluates the arguments of a call, up to one that fails.
func arguments(call interpreter.InterpretableCall, frame *interpreter.ExecutionFrame) (values []ref.Val, failed ref.Val) {
	for _, arg := range call.Args() {
		value := arg.Exec(frame)
		if types.IsUnknownOrError(value) {
			return nil, value
		}
		values = append(values, value)
	}
	return values, nil
}

// addition is the operator +, which makes lists of lists without an end: each half of one may be the other.
type addition struct{ interpreter.InterpretableCall }

// Exec adds two values.
func (c addition) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	args, failed := arguments(c.InterpretableCall, frame)
	if failed != nil {
		return failed
	}
	_, grows := args[0].(traits.MutableLister) // what a macro gathers
	a, isList := args[0].(traits.Lister)
	b, alike := args[1].(traits.Lister)
	if isList && alike && !grows {
		return c.together(a, b)
	}
	if s, ok := args[0].(types.String); ok {
		if t, ok := args[1].(types.String); ok && len(s)+len(t) > maxString {
			return tooMuch
		}
	}
	if adder, ok := args[0].(traits.Adder); ok {
		return types.LabelErrNode(c.ID(), adder.Add(args[1]))
	}
	return types.NewErrWithNodeID(c.ID(), "no such overload: _+_")
}

// Eval is Exec.
func (c addition) Eval(vars interpreter.Activation) ref.Val {
	return c.Exec(interpreter.AsFrame(vars))
}

// together makes one list of two.
func (c addition) together(a, b traits.Lister) ref.Val {
	const most = 10_000 // values
	var all []ref.Val
	for _, list := range []traits.Lister{a, b} {
		if size, ok := list.Size().(types.Int); !ok || int(size)+len(all) > most {
			return tooMuch
		}
		for it := list.Iterator(); it.HasNext() == types.True; {
			all = append(all, it.Next())
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, all)
}
