//! What leaves as the body of an answer: some bytes, or events for as long as somebody reads them.
//!
//! Events are asked for when the connection has room for more, so a browser that reads slowly is told later,
//! and one that does not read at all is not told; what it has missed is not kept for it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::page::chronicle::{Chronicle, Listener};

/// The body of an answer.
pub enum Body {
    /// Some bytes, until they are taken.
    Whole(Option<Bytes>),
    /// Events without an end.
    Events(Events),
}

/// Events, as long as they are read.
pub struct Events {
    chronicle: Rc<RefCell<Chronicle>>,
    listener: Listener,
    /// What comes before all others.
    first: Option<Bytes>,
}

impl Body {
    /// All bytes of an answer.
    pub fn whole(bytes: impl Into<Bytes>) -> Body {
        Body::Whole(Some(bytes.into()))
    }

    /// Events, behind the one that was `seen` last.
    pub fn events(chronicle: &Rc<RefCell<Chronicle>>, seen: Option<&str>) -> Body {
        let (listener, first) = chronicle.borrow_mut().listen(seen);
        Body::Events(Events { chronicle: Rc::clone(chronicle), listener, first: Some(first) })
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match self.get_mut() {
            Body::Whole(bytes) => match bytes.take() {
                Some(bytes) => bytes,
                None => return Poll::Ready(None),
            },
            Body::Events(Events { chronicle, listener, first }) => {
                let next = first.take();
                match next.or_else(|| chronicle.borrow_mut().next(listener, cx.waker())) {
                    Some(bytes) => bytes,
                    None => return Poll::Pending,
                }
            }
        };
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Body::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Body::Events(_) => SizeHint::default(),
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.chronicle.borrow_mut().leave(&self.listener);
    }
}
