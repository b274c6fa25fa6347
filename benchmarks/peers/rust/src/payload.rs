//! What is sent, and how a reply is checked: whole once, and then by its first and its last 8 bytes.

use crate::Result;

/// A request that is sent again and again, with another mark each time.
pub struct Payload(Vec<u8>);

const MARK: usize = size_of::<u64>();

impl Payload {
    /// Bytes that tell places apart, so that an echo that is shifted or cut is found.
    pub fn new(bytes: usize) -> Self {
        Self((0..bytes).map(|i| ((i * 31) ^ (i >> 8)) as u8).collect())
    }

    /// The bytes to send, with `mark` at both ends.
    pub fn marked(&mut self, mark: u64) -> &[u8] {
        let last = self.0.len() - MARK;
        self.0[last..].copy_from_slice(&mark.to_le_bytes());
        self.0[..MARK].copy_from_slice(&mark.to_le_bytes());
        &self.0
    }

    /// Whether `reply` answers what was sent with `mark`.
    pub fn check(&self, mark: u64, reply: &[u8]) -> Result<()> {
        let mark = mark.to_le_bytes();
        if reply.len() == self.0.len() && reply.starts_with(&mark) && reply.ends_with(&mark) {
            return Ok(());
        }
        Err("the echo is not what was sent".into())
    }

    /// Whether `reply` is, byte by byte, what was sent last.
    pub fn check_whole(&self, reply: &[u8]) -> Result<()> {
        if reply == self.0 { Ok(()) } else { Err("the first echo is not what was sent".into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_reply_to_another_request() {
        let mut payload = Payload::new(64);
        let mut reply = payload.marked(7).to_vec();
        payload.check(7, &reply).unwrap();
        payload.check_whole(&reply).unwrap();
        assert!(payload.check(8, &reply).is_err());
        assert!(payload.check(7, &reply[1..]).is_err());
        reply[40] ^= 1;
        assert!(payload.check_whole(&reply).is_err());
        reply[63] ^= 1;
        assert!(payload.check(7, &reply).is_err());
    }

    #[test]
    fn takes_as_few_as_eight_bytes() {
        let mut payload = Payload::new(8);
        let reply = payload.marked(9).to_vec();
        payload.check(9, &reply).unwrap();
    }
}
