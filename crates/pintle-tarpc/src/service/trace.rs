//! The trace that a call is part of.

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tarpc::RequestName;
use tarpc::context::Context;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The span that a call is worked on in: a child of the caller's, if a layer of OpenTelemetry's
/// listens. The names are those of tarpc's own.
pub(super) fn span_of(context: &Context, request: &impl RequestName) -> Span {
    let span = info_span!(
        "RPC",
        rpc.trace_id = %context.trace_id(),
        otel.kind = "server",
        otel.name = request.name(),
    );
    if span.is_disabled() {
        return span;
    }
    let trace = &context.trace_context;
    let caller = SpanContext::new(
        TraceId::from(trace.trace_id),
        SpanId::from(trace.span_id),
        TraceFlags::from(trace.sampling_decision),
        true,
        TraceState::default(),
    );
    // It fails where nobody listens to OpenTelemetry.
    let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(caller));
    span
}
