//! Deadlines of calls, as the `grpc-timeout` header carries them.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderMap, HeaderValue};
use tokio::time::{Instant, Sleep, sleep};
use tonic::Status;

/// The moment a call must have ended, its answer included.
#[derive(Debug)]
pub(crate) struct Deadline {
    timeout: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl Deadline {
    /// The deadline a call's headers ask for, or else `default`.
    ///
    /// # Errors
    ///
    /// `Internal` if the header is malformed, as a Go server answers.
    pub(crate) fn of(
        headers: &HeaderMap,
        default: Option<Duration>,
    ) -> Result<Option<Self>, Status> {
        let asked = match headers.get(GRPC_TIMEOUT) {
            Some(value) => Some(parse(value)?),
            None => default,
        };
        Ok(asked.map(Self::after))
    }

    /// The moment `timeout` from now.
    pub(crate) fn after(timeout: Duration) -> Self {
        // Tokio takes a duration beyond its clock for the far future.
        Self {
            timeout,
            sleep: Box::pin(sleep(timeout)),
        }
    }

    /// Awaits `call`, but no longer than the deadline, if there is one.
    ///
    /// Dropping this drops `call`; nothing else is lost.
    pub(crate) async fn bound<T>(
        deadline: Option<&mut Self>,
        call: impl Future<Output = T>,
    ) -> Result<T, Status> {
        let Some(deadline) = deadline else {
            return Ok(call.await);
        };
        tokio::select! {
            biased;
            expired = poll_fn(|cx| deadline.poll(cx)) => Err(expired),
            output = call => Ok(output),
        }
    }

    /// Ready with the status of an expired call once the deadline has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        self.sleep.as_mut().poll(cx).map(|()| self.status())
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.sleep.deadline() <= Instant::now()
    }

    pub(crate) fn status(&self) -> Status {
        Status::deadline_exceeded(format!(
            "the call did not end within its deadline of {:?}",
            self.timeout
        ))
    }
}

/// Writes a timeout in the finest unit that holds it.
pub(crate) fn header(timeout: Duration) -> HeaderValue {
    let amounts = [
        (timeout.as_nanos(), 'n'),
        (timeout.as_micros(), 'u'),
        (timeout.as_millis(), 'm'),
        (timeout.as_secs().into(), 'S'),
        ((timeout.as_secs() / 60).into(), 'M'),
    ];
    let (amount, unit) = amounts
        .into_iter()
        .find(|(amount, _)| *amount <= MAX_AMOUNT)
        .unwrap_or((u128::from(timeout.as_secs() / 3600).min(MAX_AMOUNT), 'H'));
    HeaderValue::try_from(format!("{amount}{unit}")).expect("digits and a letter are visible ASCII")
}

fn parse(value: &HeaderValue) -> Result<Duration, Status> {
    let malformed = || Status::internal(format!("malformed grpc-timeout: {value:?}"));
    let (unit, digits) = value.as_bytes().split_last().ok_or_else(malformed)?;
    // At most eight digits, so the amount fits and no product below overflows.
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(malformed());
    }
    let amount = digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Ok(Duration::from_secs(amount * 3600)),
        b'M' => Ok(Duration::from_secs(amount * 60)),
        b'S' => Ok(Duration::from_secs(amount)),
        b'm' => Ok(Duration::from_millis(amount)),
        b'u' => Ok(Duration::from_micros(amount)),
        b'n' => Ok(Duration::from_nanos(amount)),
        _ => Err(malformed()),
    }
}

pub(crate) const GRPC_TIMEOUT: &str = "grpc-timeout";

/// The header has room for eight digits.
const MAX_AMOUNT: u128 = 99_999_999;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Duration>) {
        let parsed = parse(&HeaderValue::from_str(text).unwrap()).ok();
        assert_eq!(parsed, expected, "{text:?}");
    }

    #[test]
    fn timeouts_are_read_in_every_unit() {
        check("2H", Some(Duration::from_secs(7200)));
        check("2M", Some(Duration::from_secs(120)));
        check("2S", Some(Duration::from_secs(2)));
        check("2m", Some(Duration::from_millis(2)));
        check("2u", Some(Duration::from_micros(2)));
        check("00000002n", Some(Duration::from_nanos(2)));
        check("99999999H", Some(Duration::from_secs(99_999_999 * 3600)));
    }

    #[test]
    fn malformed_timeouts_are_refused() {
        for text in [
            "",
            "S",
            "1",
            "1s",
            "+1S",
            "-1S",
            "1 S",
            "1.5S",
            "100000000S",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_written_timeout_is_read_back() {
        for timeout in [
            Duration::ZERO,
            Duration::from_nanos(99_999_999),
            Duration::from_millis(1500),
            Duration::from_secs(86_400),
            Duration::from_secs(99_999_999 * 60),
        ] {
            assert_eq!(parse(&header(timeout)).unwrap(), timeout);
        }
        assert_eq!(header(Duration::MAX), "99999999H");
    }

    #[tokio::test(start_paused = true)]
    async fn an_absurd_deadline_is_the_far_future() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static(GRPC_TIMEOUT),
            HeaderValue::from_static("99999999H"),
        )]);
        let deadline = Deadline::of(&headers, None).unwrap().unwrap();
        assert!(!deadline.has_passed());
    }
}
