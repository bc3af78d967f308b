package admission

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"k8s.io/apimachinery/pkg/util/version"
	plugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// Limits of one policy. Kubernetes has none but that on the size of an object; compiling takes about a millisecond an
// expression.
const (
	maxExpressions = 500
	maxText        = 64 << 10 // bytes of all expressions together
)

// oldest and newest are the minor versions whose functions are known.
const oldest, newest = 30, 36

// environmentOf returns the functions and types that Kubernetes 1.minor knows. The API server's code keeps it. Calls that
// would take too much are not made.
func environmentOf(minor int) (*environment.EnvSet, error) {
	known := environment.MustBaseEnvSet(version.MajorMinor(1, uint(min(max(minor, oldest), newest))))
	return known.Extend(environment.VersionedOptions{IntroducedVersion: version.MajorMinor(1, 0), ProgramOptions: []cel.ProgramOption{cel.CustomDecoratorV2(guard)}})
}

// Compiler compiles policies. It may be used by several goroutines.
type Compiler struct {
	environment *environment.EnvSet
	plain       func() plugin.Compiler // for policies without variables, of which each has an environment of its own
	err         error                  // why there is no environment
}

// NewCompiler makes a compiler of what Kubernetes 1.minor knows, or the nearest version whose functions are known here.
func NewCompiler(minor int) *Compiler {
	set, err := environmentOf(minor)
	return &Compiler{set, sync.OnceValue(func() plugin.Compiler { return plugin.NewCompiler(set) }), err}
}

// Program is a policy that was compiled. It may be used by one goroutine at a time.
type Program struct {
	policy      *Policy
	conditions  []part
	validations []part
	annotations []part
}

// part is a compiled expression.
type part struct {
	name     string
	check    plugin.ConditionEvaluator
	message  plugin.ConditionEvaluator // of a validation; nil for none
	personal bool                      // it asks who makes the request, or what they may do
}

// Compile compiles a policy. Where there are mistakes there is no program.
func (c *Compiler) Compile(p *Policy) (*Program, []Mistake) {
	if c.err != nil {
		return nil, []Mistake{{Text: c.err.Error()}}
	}
	if text := p.tooLarge(); text != "" {
		return nil, []Mistake{{Text: text}}
	}
	made := compilation{compile: plain{c.plain}.CompileCondition, personal: p.personal(),
		options: plugin.OptionalVariableDeclarations{HasParams: p.Params, HasAuthorizer: true}}
	if len(p.Variables) > 0 {
		composed, err := plugin.NewCompositedCompiler(c.environment)
		if err != nil {
			return nil, []Mistake{{Text: err.Error()}}
		}
		made.compile = composed.CompileCondition
		for i, v := range p.Variables {
			result := composed.CompileAndStoreVariable(named{v, anything}, made.options, environment.NewExpressions)
			made.note(partOf("variables", i, "expression"), result.Error)
		}
	}
	return made.program(p)
}

// plain compiles conditions that use no variables.
type plain struct{ compiler func() plugin.Compiler }

// CompileCondition compiles expressions into what evaluates them.
func (c plain) CompileCondition(expressions []plugin.ExpressionAccessor, options plugin.OptionalVariableDeclarations, mode environment.Type) plugin.ConditionEvaluator {
	results := make([]plugin.CompilationResult, len(expressions))
	for i, e := range expressions {
		results[i] = c.compiler().CompileCELExpression(e, options, mode)
	}
	return plugin.NewCondition(results)
}

// program compiles what is no variable.
func (c *compilation) program(p *Policy) (*Program, []Mistake) {
	program := &Program{policy: p}
	for i, v := range p.Conditions {
		program.conditions = append(program.conditions, c.part(partOf("matchConditions", i, "expression"), v.Expression, boolean))
	}
	for i, v := range p.Validations {
		made := c.part(partOf("validations", i, "expression"), v.Expression, boolean)
		if v.MessageExpression != "" {
			made.message = c.message(partOf("validations", i, "messageExpression"), v.MessageExpression)
		}
		program.validations = append(program.validations, made)
	}
	for i, v := range p.Annotations {
		program.annotations = append(program.annotations, c.part(partOf("auditAnnotations", i, "valueExpression"), v.Expression, textOrNull))
	}
	if len(c.mistakes) > 0 {
		return nil, c.mistakes
	}
	return program, nil
}

// compilation is a policy being compiled.
type compilation struct {
	compile  func([]plugin.ExpressionAccessor, plugin.OptionalVariableDeclarations, environment.Type) plugin.ConditionEvaluator
	options  plugin.OptionalVariableDeclarations
	personal func(expression string) bool
	mistakes []Mistake
}

func (c *compilation) part(name, expression string, types []*cel.Type) part {
	accessor := []plugin.ExpressionAccessor{named{Named{name, expression}, types}}
	check := c.compile(accessor, c.options, environment.NewExpressions)
	for _, err := range check.CompilationErrors() {
		c.note(name, err)
	}
	return part{name: name, check: check, personal: c.personal(expression)}
}

// message compiles what makes a message, which may not ask what somebody is allowed.
func (c *compilation) message(name, expression string) plugin.ConditionEvaluator {
	asked := *c
	asked.options.HasAuthorizer = false
	made := asked.part(name, expression, text)
	c.mistakes = asked.mistakes
	return made.check
}

// note takes up the mistakes of an expression, each with its place.
func (c *compilation) note(name string, err error) {
	var own *apiservercel.Error
	if errors.As(err, &own) && own != nil {
		c.mistakes = append(c.mistakes, mistakesOf(name, own)...)
	}
}

// mistakesOf takes the CEL compiler's issues apart.
func mistakesOf(name string, err *apiservercel.Error) (all []Mistake) {
	var issues *apiservercel.CompilationError
	if errors.As(err, &issues) && issues.Issues != nil {
		for _, e := range issues.Issues.Errors() {
			all = append(all, Mistake{Part: name, Line: e.Location.Line(), Column: e.Location.Column() + 1, Text: e.Message})
		}
	}
	if len(all) == 0 {
		all = []Mistake{{Part: name, Text: err.Detail}}
	}
	return all
}

// tooLarge says that a policy has more in it than is compiled.
func (p *Policy) tooLarge() string {
	count, bytes := 0, 0
	for _, e := range p.expressions() {
		count++
		bytes += len(e)
	}
	switch {
	case count > maxExpressions:
		return fmt.Sprintf("there are more than %d expressions", maxExpressions)
	case bytes > maxText:
		return fmt.Sprintf("the expressions are longer than %d KiB together", maxText>>10)
	}
	return ""
}

func (p *Policy) expressions() (all []string) {
	for _, list := range [][]Named{p.Variables, p.Conditions, p.Annotations} {
		for _, v := range list {
			all = append(all, v.Expression)
		}
	}
	for _, v := range p.Validations {
		all = append(all, v.Expression, v.MessageExpression)
	}
	return all
}

var (
	quoted   = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`)
	asking   = regexp.MustCompile(`\b(authorizer|userInfo)\b`)
	variable = regexp.MustCompile(`\bvariables\s*\.\s*([A-Za-z_]\w*)`)
)

// personal tells the expressions that ask who makes the request, by themselves or through variables.
func (p *Policy) personal() func(expression string) bool {
	tainted := map[string]bool{}
	asks := func(expression string) bool {
		bare := quoted.ReplaceAllString(expression, `""`)
		if asking.MatchString(bare) {
			return true
		}
		for _, m := range variable.FindAllStringSubmatch(bare, -1) {
			if tainted[m[1]] {
				return true
			}
		}
		return false
	}
	for _, v := range p.Variables {
		tainted[v.Name] = asks(v.Expression)
	}
	return asks
}

// The types that expressions come to.
var (
	boolean    = []*cel.Type{cel.BoolType}
	text       = []*cel.Type{cel.StringType}
	textOrNull = []*cel.Type{cel.StringType, cel.NullType}
	anything   = []*cel.Type{cel.AnyType, cel.DynType}
)

// named is an expression as the API server's compiler wants it.
type named struct {
	Named
	types []*cel.Type
}

// GetName returns the name.
func (n named) GetName() string { return n.Name }

// GetExpression returns the text, which messages show in one line.
func (n named) GetExpression() string { return strings.TrimRight(n.Expression, "\n") }

// ReturnTypes returns what the expression may come to.
func (n named) ReturnTypes() []*cel.Type { return n.types }

// partOf names an expression of a policy.
func partOf(list string, i int, key string) string { return fmt.Sprintf("%s[%d].%s", list, i, key) }
