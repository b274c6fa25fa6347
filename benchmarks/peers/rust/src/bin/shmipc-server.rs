//! Echoes over shmipc: `shmipc-server --bytes N --in-flight K FOLDER`. One thread, as there is one CPU.

use std::time::Duration;

use isthmus_benchmark_peers::arguments::Arguments;
use isthmus_benchmark_peers::lifeline::Lifeline;
use isthmus_benchmark_peers::shmipc_session::{address, config};
use isthmus_benchmark_peers::{Result, report};
use shmipc::buffer::{BufferReader, BufferWriter};
use shmipc::stream::Stream;
use shmipc::transport::DefaultUnixListen;
use shmipc::{Error, Listener};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let given = Arguments::of_process()?;
    let lifeline = Lifeline::new()?;
    let listener = Listener::new(DefaultUnixListen, address(&given)?, config(&given)?).await?;
    report::ready()?;
    tokio::select! {
        served = accept(listener, given.bytes) => served,
        () = end(&lifeline) => Ok(()),
    }
}

async fn accept(mut listener: Listener, bytes: usize) -> Result<()> {
    loop {
        let stream = listener.accept().await?;
        tokio::spawn(async move {
            match echo(stream, bytes).await {
                Ok(()) | Err(Error::StreamClosed | Error::EndOfStream) => {}
                Err(error) => eprintln!("{error}"),
            }
        });
    }
}

async fn echo(mut stream: Stream, bytes: usize) -> std::result::Result<(), Error> {
    loop {
        // Until all of it is there; then it is copied from where it lies to where the client reads it.
        stream.peek(bytes).await?;
        let (input, output) = (stream.recv_buf(), stream.send_buf());
        output.write_bytes(&input.read_exact_bytes(bytes)?)?;
        input.release_previous_read();
        stream.flush(false).await?;
    }
}

async fn end(lifeline: &Lifeline) {
    while !lifeline.is_over() {
        sleep(Duration::from_millis(20)).await;
    }
}
