//! Framing and decoding of what comes over a wire: pure, without a socket or a clock.

pub mod lines;
