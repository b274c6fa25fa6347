//! Echoes requests over iceoryx2's request-response, polling: `iceoryx2-server --bytes N --in-flight K FOLDER`.

use std::hint::spin_loop;

use iceoryx2::prelude::*;
use isthmus_benchmark_peers::arguments::Arguments;
use isthmus_benchmark_peers::echo_service::{EchoService, config, open, remove_leftovers};
use isthmus_benchmark_peers::lifeline::Lifeline;
use isthmus_benchmark_peers::{Result, report};

fn main() -> Result<()> {
    let given = Arguments::of_process()?;
    let lifeline = Lifeline::new()?;
    let (node, service) = open(&given, &config(&given)?)?;
    let served = serve(&given, &service, &lifeline);
    drop(service);
    drop(node);
    remove_leftovers(&given)?;
    served
}

fn serve(given: &Arguments, service: &EchoService, lifeline: &Lifeline) -> Result<()> {
    let server = service
        .server_builder()
        .initial_max_slice_len(given.bytes)
        .max_loaned_responses_per_request(1)
        .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
        .create()?;
    report::ready()?;
    while !lifeline.is_over() {
        let Some(request) = server.receive()? else {
            spin_loop();
            continue;
        };
        // Written where the client reads it: one copy each way.
        request.loan_slice_uninit(request.payload().len())?.write_from_slice(request.payload()).send()?;
    }
    Ok(())
}
