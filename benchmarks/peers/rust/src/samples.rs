//! How long single calls took.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Result;

/// Above that, two looks at the clock are no part of what a call costs, and every call is timed.
const SLOW: Duration = Duration::from_micros(4);
/// Of fast calls, one in so many is timed. A prime: nothing else happens in such steps.
const FEWER: u64 = 17;

/// The histogram, and which calls go into it.
pub struct Samples {
    histogram: Histogram<u64>,
    every: u64,
}

impl Samples {
    /// `call`: what a call costs, as far as that is known; otherwise each is timed.
    pub fn new(call: Option<Duration>) -> Result<Self> {
        let every = if call.is_some_and(|call| call < SLOW) { FEWER } else { 1 };
        Ok(Self { histogram: Histogram::new(3)?, every })
    }

    /// Whether the call of this number is to be timed.
    pub fn takes(&self, number: u64) -> bool {
        number.is_multiple_of(self.every)
    }

    /// A call took so long.
    pub fn add(&mut self, time: Duration) -> Result<()> {
        self.histogram.record(time.as_nanos() as u64)?;
        Ok(())
    }

    /// The least time, in ns, that such a share of calls does not exceed.
    pub fn quantile(&self, share: f64) -> u64 {
        // Of the values that it cannot tell apart the least, so that none is above what was measured.
        self.histogram.lowest_equivalent(self.histogram.value_at_quantile(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_each_slow_call_and_few_fast_ones() {
        let slow = Samples::new(Some(Duration::from_micros(5))).unwrap();
        let fast = Samples::new(Some(Duration::from_nanos(300))).unwrap();
        assert_eq!((1..=34).filter(|&number| slow.takes(number)).count(), 34);
        assert_eq!((1..=34).filter(|&number| fast.takes(number)).count(), 2);
    }

    #[test]
    fn says_what_calls_took() {
        let mut samples = Samples::new(None).unwrap();
        for ns in 1..=1000 {
            samples.add(Duration::from_nanos(ns)).unwrap();
        }
        assert_eq!(samples.quantile(0.5), 500);
        assert_eq!(samples.quantile(0.99), 990);
    }
}
