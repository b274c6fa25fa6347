//! What a client prints.

use std::io::{Write, stdout};
use std::time::Duration;

use crate::Result;
use crate::samples::Samples;

/// The server accepts from now on.
pub fn ready() -> Result<()> {
    line("ready")
}

/// Measuring begins.
pub fn warm() -> Result<()> {
    line("warm")
}

/// What was measured: so many calls took so long, all of them by the clock.
pub fn measured(calls: u64, time: Duration, samples: &Samples) -> Result<()> {
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|share| samples.quantile(share));
    let ns = time.as_nanos();
    line(&format!(r#"{{"calls":{calls},"ns":{ns},"p50":{p50},"p99":{p99},"p999":{p999}}}"#))
}

fn line(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}
