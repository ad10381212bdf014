//! The page's thread: it lets connections in, serves each, and takes what the engine leaves.
//!
//! There are never more than so many connections, each with buffers of a fixed size. One that takes nothing
//! of what it is sent for some seconds is closed, and one that asks nothing for some, too.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Sleep, sleep};

use super::answer::{Names, answer};
use crate::page::board::Hall;
use crate::page::chronicle::Chronicle;
use crate::process::ulimit::is_kept;

/// So many connections at a time.
const MOST: usize = 200;
/// How long a connection may take nothing of what it is sent.
const STUCK: Duration = Duration::from_secs(10);
/// How long a request may take to come, and a connection may be without one.
const SILENT: Duration = Duration::from_secs(30);
/// How much of what is sent the system may keep for somebody who does not read.
const UNREAD: usize = 64 << 10;
/// How much of a request is read.
const REQUEST: usize = 16 << 10;
/// How long to wait where no connection can be let in, as when there are no files left.
const PAUSE: Duration = Duration::from_millis(200);
/// How often it is told how the run stands.
const TICK: Duration = Duration::from_secs(1);

/// How far the thread stands back (nice): whoever looks never keeps a batch from the processor.
const NICE: i32 = 10;

/// Starts the thread, which lives as long as the process.
pub fn start(listener: TcpListener, hall: Hall) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    listener.set_nonblocking(true)?;
    let thread = std::thread::Builder::new().name("page".to_string());
    thread.spawn(move || serve(&runtime, listener, hall)).map(drop)
}

fn serve(runtime: &Runtime, listener: TcpListener, hall: Hall) {
    // On Linux each thread has its own. Where it cannot be set, the page works as well.
    let _ = rustix::process::setpriority_process(None, NICE);
    let names = Rc::new(Names::new(&hall.host));
    let inbox = Arc::clone(&hall.inbox);
    let chronicle = Rc::new(RefCell::new(Chronicle::new(hall)));
    LocalSet::new().block_on(runtime, async move {
        let teller = Rc::clone(&chronicle);
        spawn_local(async move {
            loop {
                sleep(TICK).await;
                teller.borrow_mut().tick();
            }
        });
        let taker = Rc::clone(&chronicle);
        spawn_local(async move {
            loop {
                let news = inbox.next().await;
                taker.borrow_mut().take(news);
            }
        });
        admit(listener, &chronicle, &names).await;
    });
}

/// Lets connections in.
async fn admit(listener: TcpListener, chronicle: &Rc<RefCell<Chronicle>>, names: &Rc<Names>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let places = Rc::new(());
    loop {
        match listener.accept().await {
            // Whoever is too many is let in and put out, and so knows at once.
            Ok((stream, _)) if Rc::strong_count(&places) > MOST || is_kept(&stream) => drop(stream),
            Ok((stream, _)) => {
                let place = Rc::clone(&places);
                let (chronicle, names) = (Rc::clone(chronicle), Rc::clone(names));
                spawn_local(async move {
                    converse(stream, chronicle, names).await;
                    drop(place);
                });
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Answers what is asked on a connection, until that ends.
async fn converse(stream: TcpStream, chronicle: Rc<RefCell<Chronicle>>, names: Rc<Names>) {
    // Whatever is not done of these, the connection works without.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_send_buffer_size(UNREAD);
    let service = service_fn(move |request| {
        let answer = answer(&request, &chronicle, &names);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(SILENT).max_buf_size(REQUEST);
    // A connection that breaks has been told all that it wanted to know.
    let _ = http.serve_connection(TokioIo::new(Patient { stream, stuck: None }), service).await;
}

/// A connection that is given up when it takes nothing for long.
struct Patient {
    stream: TcpStream,
    /// Ends when that is too long, while it takes nothing.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    /// Waits on, unless it has lasted too long.
    fn waited<T>(
        &mut self,
        result: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stuck = None;
            return result;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(STUCK)));
        ready!(stuck.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.waited(result, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.waited(result, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
