//! Asks for echoes over shmipc, each call under way on a stream of its own: `shmipc-client --bytes N --in-flight K --ms M FOLDER`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use isthmus_benchmark_peers::arguments::Arguments;
use isthmus_benchmark_peers::lifeline::wait_for_end_of_stdin;
use isthmus_benchmark_peers::payload::Payload;
use isthmus_benchmark_peers::samples::Samples;
use isthmus_benchmark_peers::shmipc_session::{address, config};
use isthmus_benchmark_peers::{Result, report};
use shmipc::session::{SessionManager, SessionManagerConfig};
use shmipc::stream::Stream;
use shmipc::transport::DefaultUnixConnect;
use tokio::task::LocalSet;
use tokio::time::timeout;

/// No reply takes longer, or else there is none.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let given = Arguments::of_process()?;
    let session = SessionManagerConfig::new().with_config(config(&given)?).with_session_num(1);
    let session = SessionManager::new(session, DefaultUnixConnect, address(&given)?).await?;
    let streams = (0..given.in_flight).map(|_| session.get_stream()).collect::<std::result::Result<Vec<_>, _>>()?;
    let mut payload = Payload::new(given.bytes);
    let mut calls = Calls { streams, bytes: given.bytes };
    calls.check(&mut payload).await?;
    let (count, time, _) = calls.measure(given.time / 2, Samples::new(None)?).await?;
    report::warm()?;
    let samples = Samples::new(Some(time / count as u32))?;
    let (count, time, samples) = calls.measure(given.time, samples).await?;
    report::measured(count, time, &samples)?;
    wait_for_end_of_stdin();
    Ok(())
}

struct Calls {
    streams: Vec<Stream>,
    bytes: usize,
}

/// What the loops of one measurement share; they are tasks of one thread.
struct Run {
    begin: Instant,
    time: Duration,
    count: u64,
    over: bool,
    samples: Samples,
    payload: Payload,
}

impl Calls {
    async fn check(&mut self, payload: &mut Payload) -> Result<()> {
        let stream = &mut self.streams[0];
        stream.write_bytes(payload.marked(0))?;
        stream.flush(false).await?;
        payload.check_whole(&timeout(PATIENCE, stream.read_exact_bytes(self.bytes)).await??)?;
        stream.release_read_and_reuse();
        Ok(())
    }

    async fn measure(&mut self, time: Duration, samples: Samples) -> Result<(u64, Duration, Samples)> {
        let begin = Instant::now();
        let bytes = self.bytes;
        let payload = Payload::new(bytes);
        let run = Rc::new(RefCell::new(Run { begin, time, count: 0, over: false, samples, payload }));
        let loops = LocalSet::new();
        let all: Vec<_> =
            self.streams.drain(..).map(|stream| loops.spawn_local(ask(stream, bytes, Rc::clone(&run)))).collect();
        let streams = loops.run_until(async {
            let mut streams = Vec::with_capacity(all.len());
            for one in all {
                streams.push(one.await??);
            }
            Ok::<_, Box<dyn std::error::Error>>(streams)
        });
        self.streams = streams.await?;
        let taken = begin.elapsed();
        drop(loops);
        let run = Rc::into_inner(run).ok_or("a loop is still running")?.into_inner();
        Ok((run.count, taken, run.samples))
    }
}

/// One call after the other until the time is over.
async fn ask(mut stream: Stream, bytes: usize, run: Rc<RefCell<Run>>) -> Result<Stream> {
    loop {
        let (mark, begun) = {
            let run = &mut *run.borrow_mut();
            if run.over {
                return Ok(stream);
            }
            let mark = run.count;
            run.count += 1;
            let begun = run.samples.takes(mark).then(Instant::now);
            stream.write_bytes(run.payload.marked(mark))?;
            (mark, begun)
        };
        stream.flush(false).await?;
        let reply = stream.read_exact_bytes(bytes).await?;
        let run = &mut *run.borrow_mut();
        run.payload.check(mark, &reply)?;
        drop(reply);
        stream.release_read_and_reuse();
        if let Some(begun) = begun {
            let now = Instant::now();
            run.samples.add(now - begun)?;
            run.over = now - run.begin >= run.time;
        }
    }
}
