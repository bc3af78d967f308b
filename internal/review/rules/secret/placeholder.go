package secret

import (
	"encoding/pem"
	"regexp"
	"strings"
	"sync"
)

// pattern is a regular expression that is compiled when it is first needed, since most runs of the program need none.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// reference finds variables, template expressions and the notations by which secret stores are referred to.
var reference = pattern(`\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}|^\$[A-Za-z_]+$|^<[^<>]*>$|^\[[A-Za-z _-]*\]$|^%\w+%$|^__\w+__$|^@@?\w+@@?$` +
	`|^(vault|ref\+\w+|secretref|op|aws-sm|aws-ssm|gcp-sm|azure-kv|sops|kms|encrypted|bao|berglas|sm)[:+]` +
	`|^ENC\[|^arn:aws[\w-]*:(secretsmanager|ssm|kms):|^projects/[^/]+/secrets/|^<path:|^avp:|^\$__(file|env|vault)`)

// stand finds words that people write where a secret will be. What merely sounds made up ("fake", "demo", "my-password") is
// none: where it runs it is the password.
var stand = pattern(`(?i)^(x{3,}|[*.\-_?#]+|0+|none|null|nil|n/?a|true|false|yes|no|unset|undefined|empty|default)$` +
	`|^(your|insert|enter|put|add|replace|change|set|use|fill|generate)[-_ ]` +
	`|change[-_ ]?(me|it|this)|replace[-_ ]?(me|this|with)|place[-_ ]?holder|(\b|_)example(\b|_)|\bdummy\b|redacted|not[-_ ]?a?[-_ ]?real|goes[-_ ]?here|[-_ ]here$` +
	`|\b(todo|tbd|fixme)\b|[A-Z0-9](?-i:EXAMPLE)`)

// weak are words that are passwords only where nothing depends on them.
var weak = pattern(`(?i)^(test|pass(word|wd)?|secret|token|key|user(name)?|admin|guest|root|postgres|mysql)$`)

// isPlaceholder reports whether text is no secret but stands for one: a variable, a reference to a secret store, an
// encrypted value, or words such as "changeme".
func isPlaceholder(text string) bool {
	text = strings.Trim(strings.TrimSpace(text), `"'`)
	return text == "" || reference().MatchString(text) || len(text) < 80 && stand().MatchString(text) || isGenerated(text)
}

// generatedTexts begin what the renderer puts in place of the results of Helm's random functions, so that base and
// head can be compared. They are in no file, and no release will have them.
var generatedTexts = []string{"ahovCJQX", "07418529", "ah%v,J\"X"}

// isGenerated reports whether text is such a stand-in: a random text, or a key without a key in it.
func isGenerated(text string) bool {
	for _, start := range generatedTexts {
		if len(text) >= 4 && strings.HasPrefix(start, text[:min(len(text), len(start))]) {
			return true
		}
	}
	block, _ := pem.Decode([]byte(text))
	return block != nil && len(block.Bytes) > 0 && block.Bytes[0] != 0x30 && !strings.Contains(block.Type, "OPENSSH")
}
