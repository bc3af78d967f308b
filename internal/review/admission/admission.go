// Package admission does what an API server does with an object before it takes it: policies in the Common Expression
// Language (CEL) are compiled, matched and evaluated, by the API server's own code and within its cost limits
// (https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/).
//
// Words: a policy is a set of expressions; a program is a policy that was compiled; a request is an object on its way into
// the cluster, with what it was before; a denial is what a program has against a request.
package admission

// Policy is what is compiled together: the expressions of a ValidatingAdmissionPolicy, or of a rule in the same language.
type Policy struct {
	Params      bool         // there is a variable params
	Lenient     bool         // failurePolicy Ignore: what cannot be evaluated is let through
	Variables   []Named      // may be used as variables.NAME by what stands behind them
	Conditions  []Named      // all of which have to be true, else the policy is not for the request
	Validations []Validation // all of which have to be true, else the request is denied
	Annotations []Named      // of the audit log: text or null
}

// Named is an expression with a name.
type Named struct{ Name, Expression string }

// Validation is an expression that is true for what is right.
type Validation struct {
	Expression        string
	Message           string // "" for none
	MessageExpression string // makes the message, where it comes to one; "" for none
}

// Mistake is an expression that cannot be compiled.
type Mistake struct {
	Part         string // of the policy, as validations[0].expression
	Line, Column int    // in the expression, from 1; 0 where not known
	Text         string
}

// Denial is what a program has against a request.
type Denial struct {
	Index   int    // of the validation; -1 for the policy as a whole
	Message string // the policy's
	Failure string // why the expression could not be evaluated, which is as good as false; "" where it was
	Always  bool   // the request is refused whatever a binding says of it, as for annotations that cannot be evaluated
}

// Outcome is what became of a request.
type Outcome struct {
	Denials []Denial
	Unknown []string // parts that nobody can evaluate here, as what asks who makes the request
	Cost    int64    // in units of CEL's cost, of which about ten million are a second
}
