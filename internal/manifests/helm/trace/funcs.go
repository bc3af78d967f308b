package trace

import (
	"maps"
	"reflect"

	"github.com/Masterminds/sprig/v3"
)

// functions gives the functions of a line of Helm, or of kops, by name: those of text/template, of sprig without the ones
// that read the environment, and its own, with the rules and checks of this package.
func functions(options Options) map[string]*function {
	all := builtins()
	maps.Copy(all, sprig.TxtFuncMap())
	delete(all, "env")
	delete(all, "expandenv")
	pinned := pinnedFunctions()
	if options.Kops == "" {
		maps.Copy(all, helmFunctions(options.HelmLine))
	} else {
		maps.Copy(all, kopsFunctions())
		maps.Copy(pinned, channelFunctions(options.Kops))
	}
	maps.Copy(all, pinned)

	byName := make(map[string]*function, len(all))
	for name, fn := range all {
		rv := reflect.ValueOf(fn)
		byName[name] = &function{name: name, fn: rv, typ: rv.Type(), check: sized}
	}
	for name := range pinned {
		byName[name].own = pin
	}
	for name, r := range rules() {
		if f := byName[name]; f != nil {
			f.trace = r
		}
	}
	for name, check := range checks() {
		if f := byName[name]; f != nil {
			f.check = check
		}
	}
	for name, own := range owns() {
		if f := byName[name]; f != nil {
			f.own = own
		}
	}
	byName["and"].logic, byName["or"].logic = true, true
	return byName
}

// owns are the functions that need more than their arguments.
func owns() map[string]func(*state, *call) (value, error) {
	return map[string]func(*state, *call) (value, error){
		"include": include, "tpl": tpl, "required": required, "fail": failed,
		"merge": merged(false), "mustMerge": merged(false),
		"mergeOverwrite": merged(true), "mustMergeOverwrite": merged(true),
		"keys": unordered, "values": unordered,
		"date": dated(1), "date_in_zone": dated(1), "dateInZone": dated(1), "htmlDate": dated(0), "htmlDateInZone": dated(0),
	}
}
