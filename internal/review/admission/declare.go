package admission

import (
	"github.com/google/cel-go/cel"
	"k8s.io/apimachinery/pkg/util/version"
	plugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"

	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
)

// CheckTypes compiles a policy for objects of a schema: fields that the kind does not have, and values of the wrong type,
// are mistakes.
func (c *Compiler) CheckTypes(p *Policy, object *kubeapi.Schema) ([]Mistake, error) {
	if c.err != nil {
		return nil, c.err
	}
	compiler, err := c.typeChecker(p, declare(object, map[*kubeapi.Schema]bool{}))
	if err != nil {
		return nil, err
	}
	var found []Mistake
	check := func(part, expression string) {
		result := compiler.CompileCELExpression(named{Named{part, expression}, anything}, plugin.OptionalVariableDeclarations{}, environment.NewExpressions)
		if result.Error != nil {
			found = append(found, mistakesOf(part, result.Error)...)
		}
	}
	for i, v := range p.Variables {
		result := compiler.CompileAndStoreVariable(named{v, anything}, plugin.OptionalVariableDeclarations{}, environment.NewExpressions)
		if result.Error != nil {
			found = append(found, mistakesOf(partOf("variables", i, "expression"), result.Error)...)
		}
	}
	for i, v := range p.Validations {
		check(partOf("validations", i, "expression"), v.Expression)
		if v.MessageExpression != "" {
			check(partOf("validations", i, "messageExpression"), v.MessageExpression)
		}
	}
	return found, nil
}

// typeChecker makes a compiler that knows the type of the object.
func (c *Compiler) typeChecker(p *Policy, object *apiservercel.DeclType) (*plugin.CompositedCompiler, error) {
	object = object.MaybeAssignTypeName("Object")
	namespace, request := plugin.BuildNamespaceType(), plugin.BuildRequestType()
	variables := []cel.EnvOption{
		cel.Variable(plugin.ObjectVarName, object.CelType()), cel.Variable(plugin.OldObjectVarName, object.CelType()),
		cel.Variable(plugin.NamespaceVarName, namespace.CelType()), cel.Variable(plugin.RequestVarName, request.CelType()),
		cel.Variable(plugin.AuthorizerVarName, library.AuthorizerType),
	}
	if p.Params {
		variables = append(variables, cel.Variable(plugin.ParamsVarName, cel.DynType))
	}
	types := []*apiservercel.DeclType{namespace, request}
	if object.IsObject() {
		types = append(types, object)
	}
	set, err := c.environment.Extend(environment.VersionedOptions{IntroducedVersion: version.MajorMinor(1, 0), EnvOptions: variables, DeclTypes: types})
	if err != nil {
		return nil, err
	}
	compiler, err := plugin.NewCompositedCompilerForTypeChecking(set)
	if err == nil {
		compiler.Compiler = checkOnly{compiler}
	}
	return compiler, err
}

// checkOnly compiles expressions without making programs of them.
type checkOnly struct{ of *plugin.CompositedCompiler }

// CompileCELExpression returns the type of an expression, or its mistakes.
func (c checkOnly) CompileCELExpression(expression plugin.ExpressionAccessor, _ plugin.OptionalVariableDeclarations, mode environment.Type) plugin.CompilationResult {
	env, err := c.of.Env(mode)
	if err != nil {
		return plugin.CompilationResult{Error: &apiservercel.Error{Type: apiservercel.ErrorTypeInternal, Detail: err.Error()}}
	}
	ast, issues := env.Compile(expression.GetExpression())
	if issues != nil {
		return plugin.CompilationResult{Error: &apiservercel.Error{Type: apiservercel.ErrorTypeInvalid, Detail: issues.String(), Cause: apiservercel.NewCompilationError(issues)}}
	}
	return plugin.CompilationResult{OutputType: ast.OutputType()}
}

// declare returns the CEL type of what a schema describes; any for what it leaves open. within are the schemas that the
// value is part of: some hold themselves. What may be null is compared with it, which types other than objects do not allow.
func declare(s *kubeapi.Schema, within map[*kubeapi.Schema]bool) *apiservercel.DeclType {
	if s == nil || within[s] || s.IntOrString || s.Preserve || s.Embedded || s.Nullable && s.Type != "object" {
		return apiservercel.DynType
	}
	within[s] = true
	defer delete(within, s)
	switch {
	case s.Type == "" && len(s.AllOf) == 1:
		return declare(s.AllOf[0], within)
	case s.Type == "array":
		return apiservercel.NewListType(declare(s.Items, within), -1)
	case s.Type == "object" && s.Additional != nil && s.Additional.Schema != nil:
		return apiservercel.NewMapType(apiservercel.StringType, declare(s.Additional.Schema, within), -1)
	case s.Type == "object" && len(s.Properties) > 0:
		return declareObject(s, within)
	case s.Type == "string" && (s.Format == "" || s.Format == "string"):
		return apiservercel.StringType
	case s.Type == "integer":
		return apiservercel.IntType
	case s.Type == "boolean":
		return apiservercel.BoolType
	}
	return apiservercel.DynType
}

func declareObject(s *kubeapi.Schema, within map[*kubeapi.Schema]bool) *apiservercel.DeclType {
	fields := make(map[string]*apiservercel.DeclField, len(s.Properties))
	for name, property := range s.Properties {
		if escaped, ok := apiservercel.Escape(name); ok {
			fields[escaped] = apiservercel.NewDeclField(escaped, declare(property, within), false, nil, nil)
		}
	}
	return apiservercel.NewObjectType("object", fields)
}
