//! A plugin's own events, written where and how its host reads them.

use std::error::Error;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::log::{LogEntry, LogStderr, hclog, timestamp};

/// Writes a plugin's `tracing` events as the JSON lines that hosts read, Go hosts too.
///
/// A field of an event keeps its name and its type; a field of a span around
/// it is `SPAN.FIELD`, where the inner of two spans of one name wins. Names
/// that begin with `@` belong to the format: such a field of an event is
/// written as `event.@NAME`.
///
/// Each event is one write of one whole line. That it fails is not the
/// plugin's failure: the line is lost.
///
/// ```no_run
/// use pintle_core::HclogLayer;
/// use tracing_subscriber::prelude::*;
///
/// tracing_subscriber::registry().with(HclogLayer::stderr()).init();
/// ```
pub struct HclogLayer<W> {
    writer: Mutex<W>,
}

impl HclogLayer<LogStderr> {
    /// Writes to the stderr that the plugin was started with, where its host reads the log.
    pub fn stderr() -> Self {
        Self::new(LogStderr)
    }
}

impl<W: Write + Send + 'static> HclogLayer<W> {
    /// Writes to `writer`, which must not make events itself.
    pub fn new(writer: W) -> Self {
        Self {
            writer: Mutex::new(writer),
        }
    }

    fn write(&self, entry: LogEntry) {
        let line = hclog::print(entry) + "\n";
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // There is no better place to tell that a log cannot be written.
        let _ = writer
            .write_all(line.as_bytes())
            .and_then(|()| writer.flush());
    }
}

impl<S, W> Layer<S> for HclogLayer<W>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: Write + Send + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            // Another layer of this kind may have left the same already.
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(known) = span.extensions_mut().get_mut::<Fields>()
        {
            known.values.extend(fields.values);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut of_event = Fields::default();
        event.record(&mut of_event);
        let message = of_event.take_message();

        let mut fields = Map::new();
        let spans = context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root());
        for span in spans {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                let name = span.name();
                let named = of_span.values.iter();
                fields.extend(named.map(|(key, value)| (format!("{name}.{key}"), value.clone())));
            }
        }
        // The event comes last: what it says itself is nearest to what happened.
        fields.extend(
            of_event
                .values
                .into_iter()
                .map(|(key, value)| match key.starts_with('@') {
                    true => (format!("event.{key}"), value),
                    false => (key, value),
                }),
        );

        let metadata = event.metadata();
        self.write(LogEntry {
            level: *metadata.level(),
            message,
            module: Some(metadata.target().to_owned()),
            timestamp: Some(timestamp::utc(SystemTime::now())),
            fields,
        });
    }
}

impl<W> fmt::Debug for HclogLayer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HclogLayer").finish_non_exhaustive()
    }
}

/// The fields of a span or an event, as JSON.
#[derive(Debug, Default)]
struct Fields {
    values: Map<String, Value>,
}

impl Fields {
    fn take_message(&mut self) -> String {
        match self.values.remove("message") {
            Some(Value::String(message)) => message,
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.values.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for infinity, nor for what is no number.
        match value.is_finite() {
            true => self.set(field, value),
            false => self.set(field, value.to_string()),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    /// The error and its causes: `Display` is only its own level.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        self.set(field, text);
    }

    /// All the rest, 128-bit numbers among them, which readers of JSON round.
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tracing::{error, info, info_span, warn};
    use tracing_subscriber::prelude::*;

    use super::*;

    /// A writer whose text can be read while the layer has it.
    #[derive(Clone, Default)]
    pub(crate) struct Shared {
        bytes: Arc<Mutex<Vec<u8>>>,
        writes: Arc<AtomicUsize>,
    }

    impl Shared {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes.fetch_add(1, Ordering::Relaxed);
            self.bytes.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The one line of `text` without its time, which must be there.
    #[track_caller]
    pub(crate) fn without_time(text: &str) -> String {
        let line = text.strip_suffix('\n').expect("a whole line");
        let mut fields: Map<String, Value> = serde_json::from_str(line).expect("one object");
        let time = fields.remove("@timestamp").expect("a time");
        let time = time.as_str().expect("a time as text");
        assert_eq!(
            (time.len(), &time[10..11], &time[26..]),
            (27, "T", "Z"),
            "{time}"
        );
        Value::from(fields).to_string()
    }

    /// What is written for the event that `act` makes.
    #[track_caller]
    fn check(act: impl FnOnce(), expected: &str) {
        let shared = Shared::default();
        let subscriber = tracing_subscriber::registry().with(HclogLayer::new(shared.clone()));
        tracing::subscriber::with_default(subscriber, act);
        assert_eq!(without_time(&shared.text()), expected);
        assert_eq!(shared.writes.load(Ordering::Relaxed), 1);
    }

    #[derive(Debug, thiserror::Error)]
    #[error("not saved")]
    struct NotSaved(#[source] fmt::Error);

    #[test]
    fn fields_keep_their_types() {
        check(
            || {
                info!(
                    target: "t",
                    yes = true, int = -1, uint = u64::MAX, float = 1.5, nan = f64::NAN,
                    text = "a\n\"", debug = ?Some(1), large = u128::MAX, "a {}", "message"
                );
            },
            concat!(
                r#"{"@level":"info","@message":"a message","@module":"t","debug":"Some(1)","#,
                r#""float":1.5,"int":-1,"large":"340282366920938463463374607431768211455","#,
                r#""nan":"NaN","text":"a\n\"","uint":18446744073709551615,"yes":true}"#
            ),
        );
    }

    #[test]
    fn an_error_is_written_with_its_causes() {
        let error = NotSaved(fmt::Error);
        let error: &(dyn Error + 'static) = &error;
        check(
            || error!(target: "t", error),
            concat!(
                r#"{"@level":"error","@message":"","@module":"t","error":"not saved: "#,
                r#"an error occurred when formatting an argument"}"#
            ),
        );
    }

    #[test]
    fn a_message_is_text_whatever_it_is() {
        check(
            || info!(target: "t", message = 7),
            r#"{"@level":"info","@message":"7","@module":"t"}"#,
        );
    }

    #[test]
    fn a_field_cannot_take_the_place_of_the_formats_own() {
        check(
            || {
                let span = info_span!("span", "@level" = "fatal");
                let _entered = span.enter();
                warn!(target: "t", { "@level" = "fatal", "@message" = 1, "@timestamp" = 2 }, "said");
            },
            concat!(
                r#"{"@level":"warn","@message":"said","@module":"t","event.@level":"fatal","#,
                r#""event.@message":1,"event.@timestamp":2,"span.@level":"fatal"}"#
            ),
        );
    }

    #[test]
    fn the_spans_around_an_event_give_it_their_fields() {
        check(
            || {
                let outer = info_span!("request", id = 1, late = tracing::field::Empty);
                let _outer = outer.enter();
                let inner = info_span!("step", name = "one", message = "m");
                let _inner = inner.enter();
                outer.record("late", true);
                info!(target: "t", id = 2, "done");
            },
            concat!(
                r#"{"@level":"info","@message":"done","@module":"t","id":2,"request.id":1,"#,
                r#""request.late":true,"step.message":"m","step.name":"one"}"#
            ),
        );
    }

    #[test]
    fn of_two_spans_of_one_name_the_inner_one_wins() {
        check(
            || {
                let outer = info_span!("step", at = "outer", only = "outer");
                let _outer = outer.enter();
                let inner = info_span!("step", at = "inner");
                let _inner = inner.enter();
                info!(target: "t", "done");
            },
            concat!(
                r#"{"@level":"info","@message":"done","@module":"t","#,
                r#""step.at":"inner","step.only":"outer"}"#
            ),
        );
    }

    #[test]
    fn lines_of_many_threads_stay_whole() {
        let shared = Shared::default();
        let subscriber = tracing_subscriber::registry().with(HclogLayer::new(shared.clone()));
        let dispatch = tracing::Dispatch::new(subscriber);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let dispatch = &dispatch;
                scope.spawn(move || {
                    tracing::dispatcher::with_default(dispatch, || {
                        (0..250).for_each(|number| info!(thread, number, "{}", "x".repeat(100)));
                    });
                });
            }
        });
        let text = shared.text();
        assert_eq!(text.lines().count(), 1_000);
        assert!(
            text.lines()
                .all(|line| matches!(hclog::read(line), hclog::Json::Entry(_)))
        );
    }

    #[test]
    fn a_writer_that_fails_does_not_fail_the_plugin() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let subscriber = tracing_subscriber::registry().with(HclogLayer::new(Closed));
        tracing::subscriber::with_default(subscriber, || info!("lost"));
    }
}
