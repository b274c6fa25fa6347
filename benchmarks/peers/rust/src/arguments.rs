//! The command line: `--bytes N --in-flight K --ms M FOLDER`.

use std::path::PathBuf;
use std::time::Duration;

use crate::Result;

/// What a client or a server is told.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    /// Of each payload, there and back. At least 8.
    pub bytes: usize,
    /// So many calls are under way at a time. At least 1.
    pub in_flight: usize,
    /// How long the client measures; it warms up for half of that first.
    pub time: Duration,
    /// Of this run alone: for sockets, and whatever else is made.
    pub folder: PathBuf,
}

impl Arguments {
    /// Those of this process.
    pub fn of_process() -> Result<Self> {
        Self::parse(std::env::args().skip(1))
    }

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let (mut bytes, mut in_flight, mut ms, mut folder) = (64, 1, 400, None);
        while let Some(word) = words.next() {
            let mut number = || -> Result<u32> { Ok(words.next().ok_or(format!("{word} needs a number"))?.parse()?) };
            match word.as_str() {
                "--bytes" => bytes = number()?,
                "--in-flight" => in_flight = number()?,
                "--ms" => ms = number()?,
                _ if word.starts_with("--") => return Err(format!("{word} is not an option").into()),
                _ => folder = Some(word),
            }
        }
        if bytes < 8 || in_flight < 1 || ms < 1 {
            return Err("at least 8 bytes, 1 in flight and 1 ms are needed".into());
        }
        Ok(Self {
            bytes: bytes as usize,
            in_flight: in_flight as usize,
            time: Duration::from_millis(ms.into()),
            folder: folder.ok_or("the folder is missing")?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Arguments> {
        Arguments::parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn takes_options_in_any_order() {
        let given = parse("--ms 50 /tmp/x --in-flight 8 --bytes 1024").unwrap();
        assert_eq!((given.bytes, given.in_flight, given.time.as_millis()), (1024, 8, 50));
        assert_eq!(given.folder, PathBuf::from("/tmp/x"));
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for words in ["", "--bytes 4 f", "--bytes f", "--ms 0 f", "--in-flight 0 f", "--bytes -1 f", "--depth 1 f"] {
            assert!(parse(words).is_err(), "{words}");
        }
    }
}
