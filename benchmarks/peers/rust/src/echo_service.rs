//! The iceoryx2 service that both sides open.

use std::ffi::OsStr;

use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::request_response;

use crate::Result;
use crate::arguments::Arguments;

/// An echo of bytes. `ipc::Service` is for one thread a side, and so without its locks.
pub type EchoService = request_response::PortFactory<ipc::Service, [u8], (), [u8], ()>;

/// More active requests make each of them dearer (8: 0.9 us a call, 32: 1.9, 128: 3.4, 1,024: 15).
const MOST_ACTIVE: usize = 8;

/// So many requests are active at a time; what is to be in flight beyond that waits for its turn.
pub fn active(given: &Arguments) -> usize {
    given.in_flight.min(MOST_ACTIVE)
}

/// Opens the service, or creates it; with no more than one client and one server need. The node has to outlive it.
pub fn open(given: &Arguments, config: &Config) -> Result<(Node<ipc::Service>, EchoService)> {
    set_log_level(LogLevel::Error);
    let cache_line = Alignment::new(64).ok_or("64 is no alignment")?;
    let node = NodeBuilder::new()
        .config(config)
        .signal_handling_mode(SignalHandlingMode::Disabled)
        .create::<ipc::Service>()?;
    let service = node
        .service_builder(&"echo".try_into()?)
        .request_response::<[u8], [u8]>()
        .request_payload_alignment(cache_line)
        .response_payload_alignment(cache_line)
        .max_active_requests_per_client(active(given))
        .max_loaned_requests(1)
        .max_response_buffer_size(1)
        .max_borrowed_responses_per_pending_response(1)
        .max_clients(1)
        .max_servers(1)
        .max_nodes(2)
        .enable_safe_overflow_for_requests(false)
        .enable_safe_overflow_for_responses(false)
        .open_or_create()?;
    Ok((node, service))
}

/// Where its files are: in the run's folder, and in /dev/shm by names that begin as the folder's does.
pub fn config(given: &Arguments) -> Result<Config> {
    let mut config = Config::default();
    let folder = given.folder.to_str().ok_or("the folder's name is not UTF-8")?;
    config.global.set_root_path(&Path::new(folder.as_bytes())?);
    config.global.prefix = FileName::new(prefix(given)?.as_bytes())?;
    Ok(config)
}

/// Removes what a killed client has left in /dev/shm; whoever ends by himself leaves nothing.
pub fn remove_leftovers(given: &Arguments) -> Result<()> {
    let prefix = prefix(given)?;
    for entry in std::fs::read_dir("/dev/shm")? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn prefix(given: &Arguments) -> Result<String> {
    let name = given.folder.file_name().and_then(OsStr::to_str).ok_or("the folder has no name in UTF-8")?;
    Ok(format!("{name}-"))
}
