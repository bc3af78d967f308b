package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// These benchmarks compare whole processes, so each figure is the processor time that the system charged for them and
// their children. Ratios of one run hold on any machine; seconds do not. "make bench" builds what they need:
// LANDWAITER_BIN is the program, LANDWAITER_PEERS the directory with the kustomize and helm programs.

// program returns the path of a built program, and skips the benchmark without it.
func program(b *testing.B, name string) string {
	b.Helper()
	path := os.Getenv("LANDWAITER_BIN")
	if name != "landwaiter" {
		path = filepath.Join(os.Getenv("LANDWAITER_PEERS"), name)
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		b.Skipf("%s is not built: run make bench", name)
	}
	return path
}

// cost is what processes took: seconds of processor time, and the peak memory of the largest in MiB.
type cost struct{ cpu, mib float64 }

// spend runs a command to its end and returns what it and its children took. Exit code 3 is one of ours and fine.
func spend(b *testing.B, dir, cache string, argv ...string) cost {
	b.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LANDWAITER_CACHE="+cache)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != exitFindings {
		b.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, &stderr)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{cpu: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), mib: float64(usage.Maxrss) / 1024}
}

// least runs a measurement several times and returns the least cost: what disturbs only adds.
func least(times int, measure func() cost) cost {
	best := measure()
	for range times - 1 {
		if c := measure(); c.cpu < best.cpu {
			best = c
		}
	}
	return best
}

// BenchmarkStart is the processor time of a start, in milliseconds.
func BenchmarkStart(b *testing.B) {
	bin := program(b, "landwaiter")
	for b.Loop() {
		c := least(10, func() cost { return spend(b, b.TempDir(), "", bin, "version") })
		b.ReportMetric(c.cpu*1000, "cpu-ms")
	}
}

// BenchmarkKustomizations renders a repository of many small kustomizations, and compares with a loop over kustomize:
// with a strategic merge patch each, for which a run of kustomize reads the schema of all kinds, and without.
func BenchmarkKustomizations(b *testing.B) {
	bin, peer := program(b, "landwaiter"), program(b, "kustomize")
	for _, shape := range []string{"merge-patch", "no-patch"} {
		b.Run(shape, func(b *testing.B) {
			dir := b.TempDir()
			makeRepository(b, dir, 100)
			overlays, err := filepath.Glob(filepath.Join(dir, "apps", "*", "overlays", "prod"))
			if err != nil {
				b.Fatal(err)
			}
			if shape == "no-patch" {
				for _, overlay := range overlays {
					withoutPatch(b, overlay)
				}
			}
			for b.Loop() {
				ours := least(3, func() cost { return spend(b, dir, "", bin, "render", "--all") })
				loop := least(3, func() (sum cost) {
					for _, overlay := range overlays {
						sum.cpu += spend(b, dir, "", peer, "build", overlay).cpu
					}
					return sum
				})
				b.ReportMetric(ours.cpu/loop.cpu, "of-kustomize")
				b.ReportMetric(ours.cpu*1000, "cpu-ms")
				b.ReportMetric(loop.cpu*1000/float64(len(overlays)), "kustomize-cpu-ms")
				b.ReportMetric(ours.mib, "peak-MiB")
			}
		})
	}
}

// withoutPatch takes the patch out of an overlay that makeRepository wrote.
func withoutPatch(b *testing.B, overlay string) {
	b.Helper()
	file := filepath.Join(overlay, "kustomization.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	write(b, file, strings.Replace(string(text), "patches:\n- path: replicas.yaml\n", "", 1))
	if err := os.Remove(filepath.Join(overlay, "replicas.yaml")); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCharts renders the charts of the corpus with their lines, and compares with a loop over helm.
func BenchmarkCharts(b *testing.B) {
	bin, peer := program(b, "landwaiter"), program(b, "helm")
	var allOurs, allLoop float64
	for _, repository := range []string{"argo-helm", "prom-charts", "ingress-nginx"} {
		b.Run(repository, func(b *testing.B) {
			charts := renderable(b, peer, filepath.Join(benchCorpus(b, repository), "charts"))
			for b.Loop() {
				loop := least(3, func() (sum cost) {
					for _, chart := range charts {
						sum.cpu += spend(b, chart, "", peer, "template", ".", "--kube-version", "1.34").cpu
					}
					return sum
				})
				work := b.TempDir()
				for i, chart := range charts {
					if err := os.CopyFS(filepath.Join(work, fmt.Sprint(i)), os.DirFS(chart)); err != nil {
						b.Fatal(err)
					}
					os.RemoveAll(filepath.Join(work, fmt.Sprint(i), "ci"))
				}
				ours := least(3, func() cost {
					return spend(b, work, "", bin, "render", "--all", "-o", "json", "--origins", "--kube-version", "1.34")
				})
				allOurs, allLoop = allOurs+ours.cpu, allLoop+loop.cpu
				b.ReportMetric(ours.cpu/loop.cpu, "of-helm")
				b.ReportMetric(ours.cpu*1000, "cpu-ms")
				b.ReportMetric(allOurs/allLoop, "of-helm-so-far")
				b.ReportMetric(float64(len(charts)), "charts")
			}
		})
	}
}

// renderable returns the charts below dir that helm renders with their default values.
func renderable(b *testing.B, helm, dir string) (charts []string) {
	b.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "Chart.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range found {
		cmd := exec.Command(helm, "template", ".", "--kube-version", "1.34")
		cmd.Dir = filepath.Dir(file)
		if cmd.Run() == nil {
			charts = append(charts, cmd.Dir)
		}
	}
	return charts
}

// BenchmarkOneOverlay reviews one changed overlay in a repository of 5,000 roots, and compares with one of 50: with
// an empty cache, and with the one that an earlier review left; of a revision, and of the work tree, which has to be
// compared with what Git knows.
func BenchmarkOneOverlay(b *testing.B) {
	bin := program(b, "landwaiter")
	small, large := b.TempDir(), b.TempDir()
	for dir, roots := range map[string]int{small: 50, large: 5000} {
		makeRepository(b, dir, roots)
		commitChange(b, dir)
	}
	for name, args := range map[string][]string{"revision": {"--head", "change"}, "worktree": nil} {
		b.Run(name, func(b *testing.B) {
			review := append([]string{bin, "review", "--base", "main", "-o", "json"}, args...)
			cold := func(dir string) cost {
				return least(5, func() cost { return spend(b, dir, b.TempDir(), review...) })
			}
			warm := func(dir string) cost {
				cache := b.TempDir()
				spend(b, dir, cache, review...)
				return least(5, func() cost { return spend(b, dir, cache, review...) })
			}
			for b.Loop() {
				coldSmall, warmSmall, coldLarge, warmLarge := cold(small), warm(small), cold(large), warm(large)
				b.ReportMetric(coldLarge.cpu/coldSmall.cpu, "cold-5000-of-50")
				b.ReportMetric(warmLarge.cpu/warmSmall.cpu, "warm-5000-of-50")
				for unit, c := range map[string]cost{"cold-50": coldSmall, "warm-50": warmSmall, "cold-5000": coldLarge, "warm-5000": warmLarge} {
					b.ReportMetric(c.cpu*1000, unit+"-cpu-ms")
				}
			}
		})
	}
}

// BenchmarkMemory is the peak memory of a process while everything in a repository of the corpus is reviewed.
func BenchmarkMemory(b *testing.B) {
	bin := program(b, "landwaiter")
	for _, repository := range []string{"flux-example", "msdemo", "kubeflow"} {
		b.Run(repository, func(b *testing.B) {
			dir := benchCorpus(b, repository)
			for b.Loop() {
				c := spend(b, dir, b.TempDir(), bin, "review", "--all", "-o", "json")
				b.ReportMetric(c.mib, "peak-MiB")
				b.ReportMetric(c.cpu, "cpu-s")
			}
		})
	}
}

// benchCorpus returns a repository of the corpus, and skips the benchmark where there is none.
func benchCorpus(b *testing.B, name string) string {
	b.Helper()
	dir := os.Getenv("LANDWAITER_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	dir, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		b.Skipf("the corpus has no %s: set LANDWAITER_CORPUS to where it lies", name)
	}
	return dir
}

// makeRepository writes a repository of applications, each a base with one overlay: roots of them.
func makeRepository(b *testing.B, dir string, roots int) {
	b.Helper()
	for i := range roots {
		app := filepath.Join(dir, "apps", fmt.Sprintf("app-%04d", i))
		write(b, filepath.Join(app, "base", "kustomization.yaml"), "resources:\n- deployment.yaml\n- service.yaml\n")
		write(b, filepath.Join(app, "base", "deployment.yaml"), fmt.Sprintf(benchDeployment, i, i, i, i))
		write(b, filepath.Join(app, "base", "service.yaml"), fmt.Sprintf(
			"apiVersion: v1\nkind: Service\nmetadata:\n  name: app-%d\nspec:\n  selector:\n    app: app-%d\n  ports:\n  - name: http\n    port: 80\n", i, i))
		write(b, filepath.Join(app, "overlays", "prod", "kustomization.yaml"), fmt.Sprintf(
			"namespace: team-%d\nresources:\n- ../../base\npatches:\n- path: replicas.yaml\nimages:\n- name: ghcr.io/acme/app\n  newTag: \"1.%d\"\n", i%20, i))
		write(b, filepath.Join(app, "overlays", "prod", "replicas.yaml"), fmt.Sprintf(
			"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-%d\nspec:\n  replicas: 3\n", i))
	}
}

const benchDeployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-%d
  labels:
    app: app-%d
spec:
  selector:
    matchLabels:
      app: app-%d
  template:
    metadata:
      labels:
        app: app-%d
    spec:
      containers:
      - name: app
        image: ghcr.io/acme/app:1.0
        ports:
        - containerPort: 8080
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 256Mi
`

func write(b *testing.B, file, text string) {
	b.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

// commitChange makes a Git repository of dir, with one overlay changed on a branch.
func commitChange(b *testing.B, dir string) {
	b.Helper()
	git := func(args ...string) { b.Helper(); inGit(b, dir, args...) }
	git("init", "-q", "-b", "main")
	git("add", "-A")
	git("commit", "-q", "-m", "base")
	git("gc", "-q")
	git("checkout", "-q", "-b", "change")
	write(b, filepath.Join(dir, "apps", "app-0007", "overlays", "prod", "replicas.yaml"),
		"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-7\nspec:\n  replicas: 5\n  template:\n    spec:\n      hostNetwork: true\n")
	git("commit", "-q", "-a", "-m", "change")
}
