//! Asks for echoes over iceoryx2's request-response, polling: `iceoryx2-client --bytes N --in-flight K --ms M FOLDER`.

use std::collections::VecDeque;

use iceoryx2::pending_response::PendingResponse;
use iceoryx2::port::client::Client;
use iceoryx2::prelude::*;
use isthmus_benchmark_peers::Result;
use isthmus_benchmark_peers::arguments::Arguments;
use isthmus_benchmark_peers::echo_service::{active, config, open};
use isthmus_benchmark_peers::pipe::{Pipe, run};

fn main() -> Result<()> {
    let given = Arguments::of_process()?;
    let given = Arguments { in_flight: active(&given), ..given };
    let (_node, service) = open(&given, &config(&given)?)?;
    let client = service
        .client_builder()
        .initial_max_slice_len(given.bytes)
        .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
        .create()?;
    let under_way = VecDeque::with_capacity(given.in_flight);
    run(&given, &mut Calls { client, under_way })
}

struct Calls {
    client: Client<ipc::Service, [u8], (), [u8], ()>,
    under_way: VecDeque<PendingResponse<ipc::Service, [u8], (), [u8], ()>>,
}

impl Pipe for Calls {
    fn send(&mut self, request: &[u8]) -> Result<()> {
        let pending = self.client.loan_slice_uninit(request.len())?.write_from_slice(request).send()?;
        self.under_way.push_back(pending);
        Ok(())
    }

    fn receive(&mut self, see: impl FnOnce(&[u8]) -> Result<()>) -> Result<bool> {
        let Some(oldest) = self.under_way.front() else { return Ok(false) };
        let Some(reply) = oldest.receive()? else { return Ok(false) };
        see(reply.payload())?;
        drop(reply);
        self.under_way.pop_front();
        Ok(true)
    }
}
