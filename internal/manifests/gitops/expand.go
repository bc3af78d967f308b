package gitops

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/fluxcd/pkg/envsubst"
	"github.com/fluxcd/pkg/envsubst/parse"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Limits of what the variables of one object may ask for.
const (
	maxSubstituted = 64 << 20 // bytes that are written or compared for them, all together
	maxExpressions = 20_000   // the library calls itself for each, and those in each other
	maxEscaped     = 1 << 30  // bytes: the library copies the whole text for each escaped character
)

// Errors of what goes beyond the limits.
var (
	errVariables   = fmt.Errorf("they ask for too much: more than %d MiB would be written for them", maxSubstituted>>20)
	errExpressions = fmt.Errorf("they are more than %d, which is more than is read", maxExpressions)
	errEscaped     = errors.New("too much is escaped in a text of that size")
)

// replaces begins an expression in which backslashes escape.
var replaces = regexp.MustCompile(`\$\{[\p{L}\p{Nd}_]+/`)

// expand has Flux's library substitute variables, once it is known that this ends soon: it has no limits of its own.
func expand(text string, variables map[string]manifests.Variable) (out string, err error) {
	escapes := strings.Count(text, "$$")
	if replaces.MatchString(text) {
		escapes += strings.Count(text, `\`)
	}
	switch {
	case strings.Count(text, "${") > maxExpressions:
		return "", errExpressions
	case escapes*len(text) > maxEscaped:
		return "", errEscaped
	}
	defer func() {
		if recover() != nil { // it does on numbers that are too large
			err = errors.New("the library of Flux fails on them")
		}
	}()
	tree, err := parse.Parse(text)
	if err != nil {
		return "", err
	}
	e := estimate{variables: variables}
	if size := e.size(tree.Root); e.work+size > maxSubstituted {
		return "", errVariables
	}
	return envsubst.Eval(text, func(name string) (string, bool) { return variables[name].Value, true })
}

// estimate says how much evaluating expressions takes at most, in bytes that are written or compared.
type estimate struct {
	variables map[string]manifests.Variable
	work      float64
}

// size is how long at most what a node becomes is.
func (e *estimate) size(node parse.Node) (size float64) {
	switch n := node.(type) {
	case *parse.TextNode:
		return float64(len(n.Value))
	case *parse.ListNode:
		for _, below := range n.Nodes {
			size += e.size(below)
		}
		return size
	case *parse.FuncNode:
		args := make([]float64, len(n.Args))
		for i, arg := range n.Args {
			args[i] = e.size(arg)
			e.work += args[i]
		}
		return e.call(n.Name, float64(len(e.variables[n.Param].Value)), args)
	}
	return 0
}

// call is how long at most a value becomes by a function; what that takes is work.
func (e *estimate) call(function string, value float64, args []float64) (size float64) {
	all := 0.0
	for _, arg := range args {
		all += arg
	}
	switch function {
	case "#", "##", "%", "%%": // each beginning of the value is matched, at each of its places
		size = value + 20
		e.work += value * value * all
	case "/", "//", "/#", "/%":
		size = value + all
		if len(args) > 1 && function == "//" {
			size += (value + 1) * args[1]
		}
	default: // letters take at most three times as much in the other case
		size = max(3*value, all)
	}
	e.work += size
	return size
}
