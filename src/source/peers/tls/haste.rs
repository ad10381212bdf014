//! Handshakes that have begun: each is to be over soon, or its peer goes.
//!
//! A client that has said nothing yet is no worse here than one without TLS, and some connect long before
//! they have something to send. One that has begun and does not go on keeps memory for nothing.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Stamp;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(15);

/// The handshakes that have begun, oldest first; some may be over.
#[derive(Debug, Default)]
pub struct Haste {
    begun: VecDeque<(Stamp, usize)>,
}

impl Haste {
    /// The handshake of the peer with this number has begun.
    pub fn begin(&mut self, number: usize, now: Stamp) {
        self.begun.push_back((now, number));
    }

    /// When the first of them is to be over.
    pub fn deadline(&self) -> Stamp {
        self.begun.front().map_or(Stamp::NEVER, |(begun, _)| begun.after(HANDSHAKE))
    }

    /// One that should be over by now: when it began, and the peer's number, which another may have now.
    pub fn late(&mut self, now: Stamp) -> Option<(Stamp, usize)> {
        let first = *self.begun.front()?;
        if first.0.after(HANDSHAKE) > now {
            return None;
        }
        self.begun.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_handshake_is_late_once_and_in_its_time() {
        let mut haste = Haste::default();
        assert_eq!((haste.deadline(), haste.late(Stamp::NEVER)), (Stamp::NEVER, None));
        haste.begin(7, Stamp(1000));
        haste.begin(3, Stamp(2000));
        assert_eq!(haste.deadline(), Stamp(16_000));
        assert_eq!(haste.late(Stamp(15_999)), None);
        assert_eq!(haste.late(Stamp(16_500)), Some((Stamp(1000), 7)));
        assert_eq!((haste.late(Stamp(16_500)), haste.deadline()), (None, Stamp(17_000)));
    }
}
