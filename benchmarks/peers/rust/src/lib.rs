//! What the clients and servers of the hop section that are written in Rust have in common: their command line, how they end, and how
//! calls are timed. The same rules as the TypeScript clients' (`benchmarks/hop/clients`).

pub mod arguments;
pub mod echo_service;
pub mod lifeline;
pub mod payload;
pub mod pipe;
pub mod report;
pub mod samples;
pub mod shmipc_session;

/// Whatever goes wrong becomes one line on stderr.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
