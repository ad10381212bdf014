//! Flume's two wires: Avro RPC in Netty frames, byte by byte, without a socket or a clock.
//!
//! ```text
//! bytes ──(deflate)──> frames ──message──> handshake, then one of the protocols: push or pull
//!                        |                   avro: the numbers, texts and blocks that all are made of
//!                        '── strangers: what came was none of this
//! ```
//!
//! An avro sink calls us (`push`, and `server`, which keeps a connection); we call a SparkSink (`pull`,
//! and `client`). Whatever comes is foreign: no byte of it makes more than it is long, and what is wrong
//! is a [`Wrong`], never a panic.

pub mod avro;
pub mod client;
pub mod deflate;
pub mod frames;
pub mod handshake;
pub mod pull;
pub mod push;
pub mod rows;
pub mod schema;
pub mod server;
pub mod strangers;

use std::fmt;

/// Why bytes are not what they should be, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong(pub String);

impl Wrong {
    /// What is wrong.
    pub fn new(what: impl Into<String>) -> Wrong {
        Wrong(what.into())
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
