//! The page as a person reads it, in Debian's Chromium, and its metrics as a real Prometheus does.

mod browser;
mod prometheus;
mod reading;
