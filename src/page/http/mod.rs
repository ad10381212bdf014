//! The page over HTTP: connections, what is asked on them, and what is answered.
//!
//! ```text
//! server ──request──> answer ──body──> events, as the connection takes them
//! ```

mod answer;
mod events;
pub mod server;
