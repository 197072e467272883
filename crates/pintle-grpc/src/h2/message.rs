//! Where messages begin in a gRPC body, and how long they say they are.

use thiserror::Error;

use super::prefix::Prefix;

/// Follows the message boundaries of a body without keeping any of it.
///
/// HTTP/2 may cut the body anywhere, prefixes included. A length over the limit is noticed as soon
/// as it is announced, before anyone reserves memory for it.
#[derive(Debug)]
pub(crate) struct MessageScanner {
    limit: usize,
    prefix: Prefix,
    /// How much of the current message is still to come.
    remaining: usize,
}

/// A message longer than its receiver accepts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("message of {length} bytes is larger than the limit of {limit} bytes")]
pub(crate) struct Oversized {
    length: usize,
    limit: usize,
    /// Offset in the scanned chunk up to which everything belongs to accepted messages.
    pub(crate) accepted: usize,
}

impl MessageScanner {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            prefix: Prefix::default(),
            remaining: 0,
        }
    }

    /// Takes note of the next piece of the body.
    ///
    /// # Errors
    ///
    /// [`Oversized`] if a message that begins in this piece, or whose prefix ends in it, is longer
    /// than the limit. The scanner must not be used afterwards.
    pub(crate) fn scan(&mut self, chunk: &[u8]) -> Result<(), Oversized> {
        let mut at = 0;
        while at < chunk.len() {
            if self.remaining > 0 {
                let step = self.remaining.min(chunk.len() - at);
                self.remaining -= step;
                at += step;
                continue;
            }
            // A prefix begun in an earlier piece leaves nothing of this one to accept.
            let accepted = if self.prefix.is_empty() { at } else { 0 };
            let (step, announced) = self.prefix.take(&chunk[at..]);
            at += step;
            if let Some(announced) = announced {
                self.remaining = announced.length;
                if self.remaining > self.limit {
                    return Err(Oversized {
                        length: self.remaining,
                        limit: self.limit,
                        accepted,
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(len: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, len];
        bytes.extend(std::iter::repeat_n(0xff, len.into()));
        bytes
    }

    #[track_caller]
    fn scan_in_pieces(body: &[u8], size: usize, limit: usize) -> Result<(), Oversized> {
        let mut scanner = MessageScanner::new(limit);
        body.chunks(size).try_for_each(|piece| scanner.scan(piece))
    }

    #[test]
    fn messages_up_to_the_limit_pass_however_they_are_cut() {
        let body = [message(0), message(7), message(1), message(7)].concat();
        for size in 1..=body.len() {
            assert_eq!(scan_in_pieces(&body, size, 7), Ok(()), "pieces of {size}");
        }
    }

    #[test]
    fn a_longer_message_is_found_however_it_is_cut() {
        let body = [message(3), message(8)].concat();
        for size in 1..=body.len() {
            let found = scan_in_pieces(&body, size, 7).unwrap_err();
            assert_eq!((found.length, found.limit), (8, 7), "pieces of {size}");
        }
    }

    #[test]
    fn what_precedes_a_longer_message_is_accepted() {
        let body = [message(3), message(8)].concat();
        assert_eq!(MessageScanner::new(7).scan(&body).unwrap_err().accepted, 8);

        let mut scanner = MessageScanner::new(7);
        scanner.scan(&body[..10]).unwrap();
        assert_eq!(scanner.scan(&body[10..]).unwrap_err().accepted, 0);
    }

    #[test]
    fn the_longest_length_that_can_be_announced_is_measured() {
        let found = MessageScanner::new(7)
            .scan(&[0, 0xff, 0xff, 0xff, 0xff])
            .unwrap_err();
        assert_eq!(
            found.to_string(),
            "message of 4294967295 bytes is larger than the limit of 7 bytes"
        );
    }
}
