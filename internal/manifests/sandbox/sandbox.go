// Package sandbox renders roots in child processes that can do nothing but compute.
//
// What a root is made of was written by a stranger, and kustomize and Helm were not built to be attacked. So a
// Pool runs renderers in children: the same program, started once more with an empty environment and three pipes.
// Before it reads a job, a child gives up what it does not need (Confine): memory and processor time are capped,
// files, sockets, other programs and other processes are out of reach. It asks its parent for the files of the
// tree at hand and answers with objects. The parent believes nothing it hears: every length, count and path is
// checked before anything is made of it. When a child dies, hangs or lies, that root has failed, with a reason
// in plain words, and the next one gets a new child.
//
// The package knows no renderer: the child's main function passes them to Serve.
package sandbox

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// Config is what a Pool needs to know. Only Command has no default.
type Config struct {
	// Command starts a child: the absolute path of a program that calls Serve, and its arguments.
	Command []string
	// Children is how many run at a time; the number of processors by default.
	Children int
	// Limits caps what one root may use.
	Limits Limits
	// Behind makes children give way to whatever else wants a processor, where the system knows how (nice 10).
	Behind bool
	// OnWarning is told, once, which walls this system does not have. It may be nil.
	OnWarning func(warning string)
}

// Limits caps a child. A zero field means its default.
type Limits struct {
	Memory   int64         // bytes of address space; 3 GiB by default, negative for no limit
	CPU      time.Duration // processor time of one child, in whole seconds; 120 s by default
	Deadline time.Duration // time for one root; 60 s by default
	Output   int64         // bytes of rendered YAML of one root; 32 MiB by default
	Objects  int           // objects of one root; 20,000 by default
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Memory:   either(l.Memory, 3<<30),
		CPU:      either(l.CPU, 120*time.Second).Round(time.Second),
		Deadline: either(l.Deadline, 60*time.Second),
		Output:   either(l.Output, 32<<20),
		Objects:  either(l.Objects, 20_000),
	}
}

// grace is the time after the deadline in which a renderer that keeps an eye on it may still answer by itself.
func (l Limits) grace() time.Duration { return min(l.Deadline/10, 2*time.Second) }

func (c Config) withDefaults() Config {
	c.Children = max(either(c.Children, runtime.NumCPU()), 1)
	c.Limits = c.Limits.withDefaults()
	if c.OnWarning == nil {
		c.OnWarning = func(string) {}
	}
	return c
}

// either returns value, or instead when value is zero.
func either[T comparable](value, instead T) T {
	var zero T
	if value == zero {
		return instead
	}
	return value
}

// Report says which walls stand around a child. Each was tried after it had been put up.
type Report struct {
	Limits   bool   // memory, processor time, written files and open files are limited by the kernel
	Landlock int    // version of Landlock's interface that holds files off; 0 for none
	Seccomp  bool   // the kernel refuses sockets, programs, processes and files
	Missing  string // why something is missing, "" when nothing is
}

// Complete reports whether every wall stands. Landlock and seccomp both hold files off, but only seccomp the network.
func (r Report) Complete() bool { return r.Limits && r.Landlock > 0 && r.Seccomp }

// Warning returns one sentence for the user on what is missing, "" when nothing is.
func (r Report) Warning() string {
	var missing []string
	for _, wall := range []struct {
		stands bool
		name   string
	}{{r.Limits, "resource limits"}, {r.Landlock > 0, "Landlock"}, {r.Seccomp, "seccomp"}} {
		if !wall.stands {
			missing = append(missing, wall.name)
		}
	}
	if missing == nil {
		return ""
	}
	return fmt.Sprintf("rendering is not fully confined: no %s (%s); review only what you trust, or run on Linux 5.13 or later",
		strings.Join(missing, ", no "), r.Missing)
}

// join adds a reason to a list of them.
func join(reasons, reason string) string {
	if reasons == "" {
		return reason
	}
	return reasons + ", " + reason
}
