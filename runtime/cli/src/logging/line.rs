//! Lines of JSON that are one already.

use std::collections::HashMap;
use std::fmt;

use serde::de::IgnoredAny;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Where the host logs what components print.
const GUEST: &str = "vectra::guest";

/// Writes the line of a component that is a JSON object as it is, and all others as
/// the format within does.
pub(super) struct Passing<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for Passing<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() == GUEST {
            let mut message = Message::default();
            event.record(&mut message);
            if is_object(&message.0) {
                return writeln!(writer, "{}", message.0);
            }
        }
        self.0.format_event(context, writer, event)
    }
}

/// The text of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// Whether it is a JSON object on one line. One that was cut off is none.
fn is_object(text: &str) -> bool {
    text.starts_with('{')
        && !text.contains(['\n', '\r'])
        && serde_json::from_str::<HashMap<&str, IgnoredAny>>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_object;

    #[test]
    fn only_a_whole_object_on_one_line_passes() {
        for (text, passes) in [
            (r#"{"event":"request","http.status":200}"#, true),
            (r#"{"event":{"nested":[1,{}]}}"#, true),
            ("{}", true),
            (r#"{"event":"requ"#, false),
            (r#"{"event":"request"} {"and":"more"}"#, false),
            ("{\"event\":\n\"request\"}", false),
            ("{braces}", false),
            ("[1]", false),
            ("plain", false),
            ("", false),
        ] {
            assert_eq!(is_object(text), passes, "{text}");
        }
    }
}
