//! A client that asks from one thread, and looks for replies itself: many calls may be under way, and their replies come in order.

use std::hint::spin_loop;
use std::time::{Duration, Instant};

use crate::Result;
use crate::arguments::Arguments;
use crate::lifeline::wait_for_end_of_stdin;
use crate::payload::Payload;
use crate::report;
use crate::samples::Samples;

/// A way to have payloads echoed.
pub trait Pipe {
    /// Sends one more.
    fn send(&mut self, request: &[u8]) -> Result<()>;

    /// Shows the oldest reply that was not yet seen, if it is there.
    fn receive(&mut self, see: impl FnOnce(&[u8]) -> Result<()>) -> Result<bool>;
}

/// No reply takes longer, or else there is none.
const PATIENCE: Duration = Duration::from_secs(20);
/// So many looks between looks at the clock.
const LOOKS: u32 = 1 << 20;

/// Runs a client from its first echo to its end.
pub fn run(given: &Arguments, pipe: &mut impl Pipe) -> Result<()> {
    let mut payload = Payload::new(given.bytes);
    pipe.send(payload.marked(0))?;
    wait(pipe, |reply| payload.check_whole(reply))?;
    let mut samples = Samples::new(None)?;
    let (calls, time) = measure(pipe, &mut payload, given.in_flight, given.time / 2, &mut samples)?;
    report::warm()?;
    let mut samples = Samples::new(Some(time / calls as u32))?;
    let (calls, time) = measure(pipe, &mut payload, given.in_flight, given.time, &mut samples)?;
    report::measured(calls, time, &samples)?;
    wait_for_end_of_stdin();
    Ok(())
}

fn measure(
    pipe: &mut impl Pipe,
    payload: &mut Payload,
    in_flight: usize,
    time: Duration,
    samples: &mut Samples,
) -> Result<(u64, Duration)> {
    let begin = Instant::now();
    // When each call under way began; calls that are not timed leave what was there.
    let mut begun = vec![begin; in_flight];
    let (mut sent, mut received, mut over) = (0, 0, false);
    loop {
        while !over && sent - received < in_flight as u64 {
            if samples.takes(sent) {
                begun[sent as usize % in_flight] = Instant::now();
            }
            pipe.send(payload.marked(sent))?;
            sent += 1;
        }
        if sent == received {
            return Ok((sent, begin.elapsed()));
        }
        wait(pipe, |reply| payload.check(received, reply))?;
        if samples.takes(received) {
            let now = Instant::now();
            samples.add(now - begun[received as usize % in_flight])?;
            over = now - begin >= time;
        }
        received += 1;
    }
}

fn wait(pipe: &mut impl Pipe, see: impl Fn(&[u8]) -> Result<()>) -> Result<()> {
    let mut begin = None;
    loop {
        for _ in 0..LOOKS {
            if pipe.receive(&see)? {
                return Ok(());
            }
            spin_loop();
        }
        if begin.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            return Err("no reply".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[derive(Default)]
    struct Echo {
        under_way: VecDeque<Vec<u8>>,
        most: usize,
        swap: bool,
    }

    impl Pipe for Echo {
        fn send(&mut self, request: &[u8]) -> Result<()> {
            self.under_way.push_back(request.to_vec());
            self.most = self.most.max(self.under_way.len());
            Ok(())
        }

        fn receive(&mut self, see: impl FnOnce(&[u8]) -> Result<()>) -> Result<bool> {
            let oldest = if self.swap { self.under_way.pop_back() } else { self.under_way.pop_front() };
            let Some(reply) = oldest else { return Ok(false) };
            see(&reply)?;
            Ok(true)
        }
    }

    fn measure_for_a_moment(echo: &mut Echo) -> Result<(u64, Duration)> {
        measure(echo, &mut Payload::new(64), 8, Duration::from_millis(1), &mut Samples::new(None)?)
    }

    #[test]
    fn keeps_so_many_under_way_and_takes_all_replies() {
        let mut echo = Echo::default();
        let (calls, time) = measure_for_a_moment(&mut echo).unwrap();
        assert!(calls >= 8 && time >= Duration::from_millis(1));
        assert_eq!((echo.most, echo.under_way.len()), (8, 0));
    }

    #[test]
    fn finds_replies_in_the_wrong_order() {
        let mut echo = Echo { swap: true, ..Echo::default() };
        assert!(measure_for_a_moment(&mut echo).is_err());
    }
}
