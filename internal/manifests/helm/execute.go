package helm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests/helm/trace"
)

// What the templates of one chart may take. No chart of the corpus makes 16 MiB of text on the way.
const (
	maxTime    = time.Minute
	workBudget = 128 << 20 // bytes of all texts that templates make, their output included
)

// execute runs all templates and returns what they print, by their names. Our execution comes first: it keeps to
// limits, so that Helm's, which has none, only ever does again what is known to end.
func (j *job) execute() (map[string]string, error) {
	ctx, cancel := context.WithTimeout(j.ctx, maxTime)
	defer cancel()
	options := trace.Options{HelmLine: j.settings.HelmLine, WorkBudget: workBudget}
	if j.rel.Kops {
		options.Kops = j.settings.KubeVersion
	}
	result, failed := trace.Execute(ctx, trace.Chart{Templates: j.installed.templates(j.top)}, options)
	if j.ctx.Err() != nil {
		return nil, fmt.Errorf("render %s: %w", j.rel.Dir, context.Cause(j.ctx))
	}
	var limit *trace.LimitError
	var ours *trace.Error
	if errors.As(failed, &limit) || failed != nil && (ctx.Err() != nil || j.rel.Kops && errors.As(failed, &ours)) {
		return nil, j.templateError(failed)
	}
	if failed == nil && len(result.Pinned) > 0 {
		return j.ours(result), nil
	}
	outputs, err := j.helms()
	switch {
	case err != nil && errors.As(failed, &ours):
		return nil, j.templateError(failed)
	case err != nil:
		return nil, j.templateError(err)
	case failed != nil:
		j.note(fmt.Sprintf("%s: lines are unknown, because tracing failed: %v", j.chart.show(chartYAML), failed))
		return outputs, nil
	}
	return outputs, j.align(outputs, result)
}

// helms executes the templates with Helm's own engine.
func (j *job) helms() (map[string]string, error) {
	top, err := j.installed.top()
	if err != nil {
		return nil, err
	}
	return j.installed.render(j.ctx, top)
}

// ours takes what our execution printed. Random and time functions have constant results in it.
func (j *job) ours(result *trace.Result) map[string]string {
	outputs := make(map[string]string, len(result.Files))
	for name, f := range result.Files {
		outputs[name] = string(f.Output)
		j.lines[name] = f.Lines
	}
	for _, use := range result.Pinned {
		if place, ok := j.places[use.At.Template]; ok && strings.HasPrefix(use.Function, "ChannelRecommended") {
			j.note(fmt.Sprintf("%s:%d: %s asks kops' release channel, which is not asked here: the image is taken as left out, versions as those that are known", place.show(place.file), use.At.Line, use.Function))
		}
	}
	return outputs
}

// align keeps the lines of those outputs in which our execution agrees with Helm's byte for byte.
func (j *job) align(outputs map[string]string, result *trace.Result) error {
	size := 0
	for _, name := range sortedKeys(outputs) {
		if size += len(outputs[name]); size > maxOutput {
			return j.at(name, 0, fmt.Sprintf("the chart renders more than %d MiB", maxOutput>>20))
		}
		f, ok := result.Files[name]
		if !ok || string(f.Output) != outputs[name] {
			place := j.places[name]
			j.note(place.show(place.file) + ": lines are unknown, because tracing disagrees with Helm")
			continue
		}
		j.lines[name] = f.Lines
	}
	return nil
}

// note adds what a reader should know.
func (j *job) note(text string) { j.charts.notes = append(j.charts.notes, text) }
