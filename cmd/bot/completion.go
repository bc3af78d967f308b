package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown below the flags.
func (completionCmd) Help() string {
	return `Examples:
  source <(landwaiter completion bash)                              in ~/.bashrc
  source <(landwaiter completion zsh)                               in ~/.zshrc, after compinit
  landwaiter completion fish > ~/.config/fish/completions/landwaiter.fish`
}

// Run prints a script that completes verbs and flags. It holds their names, so that completing starts no program.
func (c completionCmd) Run(parsed *kong.Context, sys surroundings) error {
	verbs := verbsOf(parsed.Model.Node)
	switch c.Shell {
	case "fish":
		fishCompletion(sys.stdout, verbs)
	case "zsh":
		fmt.Fprintln(sys.stdout, "autoload -U +X bashcompinit && bashcompinit")
		bashCompletion(sys.stdout, verbs)
	default:
		bashCompletion(sys.stdout, verbs)
	}
	return nil
}

// verb is a command as people type it: "policy init".
type verb struct {
	name string
	node *kong.Node
}

// verbsOf are the commands below a node that run, those that are hidden left out.
func verbsOf(node *kong.Node) (all []verb) {
	for _, leaf := range node.Leaves(true) {
		var words []string
		for at := leaf; at != nil && at.Type == kong.CommandNode; at = at.Parent {
			words = append([]string{at.Name}, words...)
		}
		all = append(all, verb{strings.Join(words, " "), leaf})
	}
	return all
}

// flagsOf are the flags of a command and of what it stands below, those that are hidden left out.
func flagsOf(node *kong.Node) (all []*kong.Flag) {
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			if flag.Name != "help" {
				all = append(all, flag)
			}
		}
	}
	return all
}

// bashCompletion prints a function that offers verbs, then the flags of the one that stands there, then files.
func bashCompletion(w io.Writer, verbs []verb) {
	fmt.Fprint(w, "_landwaiter() {\n  local words= at=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n  case \"$at\" in\n")
	next := map[string][]string{}
	var order []string
	for _, v := range verbs {
		words := strings.Fields(v.name)
		for i := range words {
			before := strings.Join(words[:i], " ")
			if next[before] == nil {
				order = append(order, before)
			}
			if list := next[before]; len(list) == 0 || list[len(list)-1] != words[i] {
				next[before] = append(list, words[i])
			}
		}
	}
	for _, before := range order {
		fmt.Fprintf(w, "  %q) words=%q ;;\n", before, strings.Join(next[before], " "))
	}
	for _, v := range verbs {
		names := []string{"--help"}
		for _, flag := range flagsOf(v.node) {
			names = append(names, "--"+flag.Name)
		}
		fmt.Fprintf(w, "  %q*) words=%q ;;\n", v.name, strings.Join(names, " "))
	}
	fmt.Fprint(w, "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _landwaiter landwaiter\n")
}

// fishCompletion prints a line for each verb and flag.
func fishCompletion(w io.Writer, verbs []verb) {
	quote := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
	}
	seen := map[string]bool{}
	for _, v := range verbs {
		words := strings.Fields(v.name)
		if !seen[words[0]] {
			help := v.node.Help
			if len(words) > 1 {
				help = v.node.Parent.Help
			}
			fmt.Fprintf(w, "complete -c landwaiter -n __fish_use_subcommand -a %s -d %s\n", words[0], quote(help))
		}
		seen[words[0]] = true
		if len(words) > 1 {
			fmt.Fprintf(w, "complete -c landwaiter -n '__fish_seen_subcommand_from %s' -a %s -d %s\n", words[0], words[1], quote(v.node.Help))
		}
		for _, flag := range flagsOf(v.node) {
			fmt.Fprintf(w, "complete -c landwaiter -n '__fish_seen_subcommand_from %s' -l %s -d %s\n", words[len(words)-1], flag.Name, quote(flag.Help))
		}
	}
}
