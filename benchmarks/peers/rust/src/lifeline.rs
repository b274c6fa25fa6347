//! A server ends with whoever started it: at SIGTERM, and when its stdin ends.

use std::io::{Read, copy, sink, stdin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::SIGTERM;

use crate::Result;

/// Says when it is over. Cheap to ask: one load of a word that nobody writes before that.
#[derive(Clone)]
pub struct Lifeline(Arc<AtomicBool>);

impl Lifeline {
    /// Watches from now on.
    pub fn new() -> Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGTERM, Arc::clone(&over))?;
        let ended = Arc::clone(&over);
        thread::Builder::new().spawn(move || {
            wait_for_end_of_stdin();
            ended.store(true, Ordering::Relaxed);
        })?;
        Ok(Self(over))
    }

    /// Whether the server has to end.
    pub fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Returns once stdin has ended, or cannot be read.
pub fn wait_for_end_of_stdin() {
    // An error ends it as well as end of file does.
    let _ = copy(&mut stdin().lock().by_ref(), &mut sink());
}
