//! The ids of traces, and how W3C trace context writes them.

use std::fmt;

use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderName};

use crate::Uuid;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The trace of a flow: its correlation id, or what that is digested to if it is no UUID.
///
/// ```
/// use tidings::spans::trace_id;
///
/// let id = trace_id("0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f");
/// assert_eq!(format!("{id:032x}"), "0195f2d17a3b7c4d8e5f6a7b8c9d0e1f");
/// assert_ne!(trace_id("order-7"), trace_id("order-8"));
/// ```
#[must_use]
pub fn trace_id(correlation_id: &str) -> u128 {
    match correlation_id.parse::<Uuid>() {
        Ok(id) if !id.is_nil() => id.as_u128(),
        _ => {
            let digest = digest::digest(&digest::SHA256, correlation_id.as_bytes());
            let bytes = digest.as_ref().iter().take(16);
            bytes.fold(0, |id, byte| id << 8 | u128::from(*byte))
        }
    }
}

/// The flow as W3C trace context writes it.
pub(crate) fn traceparent(correlation_id: &str, span_id: u64) -> String {
    let trace_id = trace_id(correlation_id);
    Remote { trace_id, span_id }.to_string()
}

/// What a request says of the trace that it is a part of (W3C trace context).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The trace.
    pub trace_id: u128,
    /// The sender's span in it.
    pub span_id: u64,
}

impl Remote {
    /// Reads `traceparent`. What is not exactly as the standard says counts as not said, so that
    /// nobody can break anything with it.
    ///
    /// ```
    /// use tidings::spans::Remote;
    ///
    /// let said = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// assert_eq!(Remote::parse(said).map(|remote| remote.span_id), Some(0xb7ad6b7169203331));
    /// for wrong in ["", "00-0-0-01", &said[..54], &said.to_uppercase(), &said.replace("00-", "ff-")] {
    ///     assert_eq!(Remote::parse(wrong), None);
    /// }
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_written = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let mut parts = text.split('-');
        let mut hex = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            part.bytes().all(is_written).then_some(part)
        };
        let (version, trace, span, _flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        // A later version may say more behind what this one knows.
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace, 16).ok()?;
        let span_id = u64::from_str_radix(span, 16).ok()?;
        (trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id })
    }

    /// What the headers of a request say; nothing if they say it twice.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut said = headers.get_all(TRACEPARENT).iter();
        match (said.next(), said.next()) {
            (Some(one), None) => Self::parse(one.to_str().ok()?),
            _ => None,
        }
    }

    /// The correlation id of a flow that is to be a part of this trace.
    #[must_use]
    pub fn correlation_id(&self) -> String {
        Uuid::from_u128(self.trace_id).to_string()
    }

    /// The sender's span, if the flow is a part of its trace.
    #[must_use]
    pub fn parent_in(&self, correlation_id: &str) -> Option<u64> {
        (trace_id(correlation_id) == self.trace_id).then_some(self.span_id)
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_named_by_its_correlation_id() {
        let id = "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f";
        let trace = "00-0195f2d17a3b7c4d8e5f6a7b8c9d0e1f-000000000000002a-01";
        assert_eq!(traceparent(id, 42), trace);
        let other = traceparent("order-7", 42);
        assert_eq!(other.len(), trace.len());
        assert_eq!(other, traceparent("order-7", 42));
        assert_ne!(other, traceparent("order-8", 42));
    }

    #[test]
    fn a_flow_that_begins_in_somebody_elses_trace_stays_in_it() {
        let said = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let remote = Remote::parse(said).unwrap();
        let correlation_id = remote.correlation_id();
        assert_eq!(correlation_id, "0af76519-16cd-43dd-8448-eb211c80319c");
        assert_eq!(
            remote.parent_in(&correlation_id),
            Some(0xb7ad_6b71_6920_3331)
        );
        assert_eq!(remote.parent_in("order-7"), None);
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, said.parse().unwrap());
        assert_eq!(Remote::of(&headers), Some(remote));
        headers.append(TRACEPARENT, said.parse().unwrap());
        assert_eq!(Remote::of(&headers), None);
    }

    #[test]
    fn what_is_no_traceparent_is_as_if_it_was_not_sent() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        for wrong in [
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{trace}-b7ad6b7169203331"),
            format!("00-{trace}-b7ad6b7169203331-01-more"),
            format!("00-{trace}-b7ad6b716920333é-01"),
            format!("00-{trace}-+7ad6b7169203331-01"),
            "-".repeat(10_000),
        ] {
            assert_eq!(Remote::parse(&wrong), None, "{wrong}");
        }
        let later = format!("01-{trace}-b7ad6b7169203331-01-more");
        assert!(Remote::parse(&later).is_some());
    }
}
