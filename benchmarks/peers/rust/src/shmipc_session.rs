//! How both sides of the shmipc contestant are set up.

use std::time::Duration;

use shmipc::config::{Config, SizePercentPair};
use shmipc::consts::MemMapType;
use std::os::unix::net::SocketAddr;

use crate::Result;
use crate::arguments::Arguments;

/// Its default. More where the payloads that are under way need it, there and back, each in a slice of its own.
const LEAST_MEMORY: usize = 32 << 20;
/// Beside a payload in its slice; as its own benchmark has it.
const SLACK: usize = 256;

/// Wake-ups by eventfd: what its authors recommend for small messages.
pub fn config(given: &Arguments) -> Result<Config> {
    let slice = given.bytes + SLACK;
    let memory = LEAST_MEMORY.max(4 * slice * (given.in_flight + 1));
    Ok(Config {
        mem_map_type: MemMapType::MemMapTypeMemFd,
        initialize_timeout: Duration::from_secs(20),
        share_memory_buffer_cap: memory.try_into()?,
        buffer_slice_sizes: vec![SizePercentPair { size: slice.try_into()?, percent: 100 }],
        ..Config::new().with_v4_eventfd()
    })
}

/// Where the server listens.
pub fn address(given: &Arguments) -> Result<SocketAddr> {
    Ok(SocketAddr::from_pathname(given.folder.join("shmipc.sock"))?)
}
