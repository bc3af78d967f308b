package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracing sends traces to an OpenTelemetry collector. A nil *Tracing sends none.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// StartTracing begins to send traces where the settings say, and returns nil when they say nowhere. What OpenTelemetry
// reads from the environment itself (headers, sampling, OTEL_RESOURCE_ATTRIBUTES) counts. A collector that cannot be
// reached costs log lines, nothing else.
func StartTracing(ctx context.Context, s TracingSettings, version string, log *slog.Logger) (*Tracing, error) {
	if s.URL == "" {
		return nil, nil //nolint:nilnil // nil is the Tracing that sends none
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(s.URL))
	if err != nil {
		return nil, fmt.Errorf("send traces to %s: %w", redact(s.URL), err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "landwaiter"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv()) // which wins
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("describe the server for its traces: %w", err)
	}
	// OpenTelemetry has one place for this in a program, and writes to standard error in a form of its own otherwise.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces could not be sent", "error", err) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return &Tracing{provider, provider.Tracer("github.com/landwaiter/landwaiter")}, nil
}

// Span begins a part of the work, and returns a context for what belongs to it and a function that ends it, with the
// error that it ended with. Attributes are names and texts in turn; texts are freed of secrets.
func (t *Tracing) Span(ctx context.Context, name string, attributes ...string) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	var all []attribute.KeyValue
	for i := 0; i+1 < len(attributes); i += 2 {
		all = append(all, attribute.String("landwaiter."+attributes[i], redact(attributes[i+1])))
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(all...))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, redact(err.Error()))
		}
		span.End()
	}
}

// Stop sends what is left, within five seconds, and ends.
func (t *Tracing) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}
