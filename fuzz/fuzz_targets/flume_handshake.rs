//! The handshake: any bytes are one or none, any text is a protocol or none, and what is read is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::wire::flume::avro::Take;
use weir::wire::flume::handshake::{Known, Request, Response};
use weir::wire::flume::{push, schema};

fuzz_target!(|bytes: &[u8]| {
    let _ = schema::form(bytes);
    let _ = Response::take(bytes, &mut Take::new(bytes));
    if let Ok(request) = Request::take(bytes, &mut Take::new(bytes)) {
        let _ = Known::new(push::PROTOCOL).answer(&request);
        let mut again = Vec::new();
        request.put(&mut again);
        assert_eq!(Request::take(&again, &mut Take::new(&again)), Ok(request));
    }
});
