//! Who may ask what, and what is answered.
//!
//! Nothing can be changed, so only GET and HEAD are known. A page of somebody else must not read this one
//! through the browser of somebody who may: a name that is made to point to this machine (DNS rebinding)
//! stands in the Host header and is not one of ours, and what another site asks for by itself says so. What
//! is answered may load and run nothing but what is served here.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use hyper::header::{ACCEPT, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use super::events::Body;
use crate::page::chronicle::Chronicle;
use crate::page::verdict::State;
use crate::page::{machine, prometheus};

/// What the page may load: what is served here, and nothing that stands within it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// The page and what it is made of.
const FILES: &[(&str, &str, &str)] = &[
    ("/", "text/html; charset=utf-8", include_str!("../page.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("../page.css")),
    ("/page.js", "text/javascript; charset=utf-8", include_str!("../page.js")),
    ("/draw.js", "text/javascript; charset=utf-8", include_str!("../draw.js")),
    ("/icon.svg", "image/svg+xml", include_str!("../icon.svg")),
];

/// The names by which this machine may be asked.
pub struct Names(Vec<String>);

impl Names {
    /// What was typed, and what the machine is called; beside these it has addresses, and is `localhost`.
    pub fn new(typed: &str) -> Names {
        Names(
            ["localhost".to_string(), typed.to_string()]
                .into_iter()
                .chain(machine::name())
                .collect(),
        )
    }

    /// True if a Host header means this machine, whatever the port. An address is never somebody else's name.
    fn know(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let name = match bare {
            Some((name, _)) => name,
            None => host.split(':').next().unwrap_or(host),
        };
        name.parse::<IpAddr>().is_ok()
            || self.0.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// Answers a request.
pub fn answer<B>(
    request: &Request<B>,
    chronicle: &Rc<RefCell<Chronicle>>,
    names: &Names,
) -> Response<Body> {
    let mut response = refusal(request, names).unwrap_or_else(|| found(request, chronicle));
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why a request is not answered, if it is not.
fn refusal<B>(request: &Request<B>, names: &Names) -> Option<Response<Body>> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let mut hosts = request.headers().get_all(HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    let host = request.uri().host().or_else(|| first.map(|value| value.to_str().unwrap_or("")));
    // RFC 9112, 3.2: none is as wrong as several.
    let Some(host) = host.filter(|_| second.is_none()) else {
        return Some(told(StatusCode::BAD_REQUEST, "a request says in one Host whom it is for\n"));
    };
    if !names.know(host) {
        let text = "Host is not a name of this machine: ask by its address, or by the name in --ui HOST:PORT\n";
        return Some(told(StatusCode::MISDIRECTED_REQUEST, text));
    }
    let is_foreign = header("sec-fetch-site") == Some("cross-site");
    if is_foreign && header("sec-fetch-mode") != Some("navigate") {
        return Some(told(StatusCode::FORBIDDEN, "another site may lead here, and not look in\n"));
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let mut response =
            told(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD: nothing can be changed\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(response);
    }
    None
}

/// What is served at a path.
fn found<B>(request: &Request<B>, chronicle: &Rc<RefCell<Chronicle>>) -> Response<Body> {
    let path = request.uri().path();
    if let Some((_, kind, text)) = FILES.iter().find(|(name, ..)| *name == path) {
        return of(StatusCode::OK, kind, text.to_string());
    }
    match path {
        "/api/events" => {
            let seen = request.headers().get("last-event-id").and_then(|seen| seen.to_str().ok());
            let body = match *request.method() {
                Method::HEAD => Body::Whole(None),
                _ => Body::events(chronicle, seen),
            };
            with(StatusCode::OK, "text/event-stream", body)
        }
        "/api/run" => json(&chronicle.borrow().hall.run.json()),
        "/api/status" => json(&chronicle.borrow().standing()),
        "/api/batches" => json(&chronicle.borrow().batches()),
        "/metrics" => metrics(request.headers(), &chronicle.borrow()),
        "/healthz" => health(&chronicle.borrow()),
        "/readyz" if chronicle.borrow().has_begun() => told(StatusCode::OK, "ready\n"),
        "/readyz" => told(StatusCode::SERVICE_UNAVAILABLE, "the source is not open yet\n"),
        _ => told(
            StatusCode::NOT_FOUND,
            "there is /, /metrics, /healthz, /readyz, /api/run, \
            /api/status, /api/batches and /api/events\n",
        ),
    }
}

/// As OpenMetrics if that is asked for, else in the older text format.
fn metrics(headers: &HeaderMap, chronicle: &Chronicle) -> Response<Body> {
    let accepts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let is_open = accepts.into_iter().any(|value| value.contains("application/openmetrics-text"));
    let text = prometheus::text(chronicle);
    match is_open {
        true => of(StatusCode::OK, prometheus::OPEN_METRICS, text),
        false => of(StatusCode::OK, prometheus::CLASSIC, prometheus::classic(&text)),
    }
}

/// Whether batches end in time.
fn health(chronicle: &Chronicle) -> Response<Body> {
    let verdict = chronicle.verdict();
    match verdict.state {
        State::Stalled => told(StatusCode::SERVICE_UNAVAILABLE, &format!("{}\n", verdict.text)),
        _ => told(StatusCode::OK, &format!("{}: {}\n", verdict.state.word(), verdict.text)),
    }
}

fn json(value: &serde_json::Value) -> Response<Body> {
    of(StatusCode::OK, JSON, format!("{value}\n"))
}

fn told(status: StatusCode, text: &str) -> Response<Body> {
    of(status, TEXT, text.to_string())
}

fn of(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    with(status, kind, Body::whole(text))
}

fn with(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::page::board::Hall;
    use crate::page::run::tests::run;

    fn status(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        let hall = Hall {
            run: run(),
            metrics: Arc::default(),
            inbox: Arc::default(),
            host: String::new(),
        };
        let chronicle = Rc::new(RefCell::new(Chronicle::new(hall)));
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let names = Names(vec!["localhost".to_string(), "weir-host".to_string()]);
        let response = answer(&request.body(()).unwrap(), &chronicle, &names);
        assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], POLICY);
        response.status().as_u16()
    }

    #[test]
    fn only_who_means_this_machine_is_answered() {
        for host in [
            "localhost",
            "LocalHost:4040",
            "127.0.0.1:80",
            "10.1.2.3",
            "[::1]:4040",
            "[::1]",
            "weir-host:1",
        ] {
            assert_eq!(status("GET", "/", &[("host", host)]), 200, "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "", "[", "::1"]
        {
            assert_eq!(status("GET", "/", &[("host", host)]), 421, "{host}");
        }
        assert_eq!(status("GET", "/", &[]), 400);
        assert_eq!(status("GET", "/", &[("host", "localhost"), ("host", "localhost")]), 400);
        assert_eq!(status("GET", "http://evil.example/", &[("host", "localhost")]), 421);
    }

    #[test]
    fn another_site_may_lead_here_and_not_look_in() {
        let from = |site, mode| {
            let headers =
                [("host", "localhost"), ("sec-fetch-site", site), ("sec-fetch-mode", mode)];
            status("GET", "/api/status", &headers)
        };
        assert_eq!((from("cross-site", "cors"), from("cross-site", "no-cors")), (403, 403));
        assert_eq!((from("cross-site", "navigate"), from("same-origin", "cors")), (200, 200));
    }

    #[test]
    fn nothing_can_be_changed() {
        let host = [("host", "localhost")];
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO"] {
            let path = if method == "CONNECT" { "localhost:1" } else { "/" };
            assert_eq!(status(method, path, &host), 405, "{method}");
        }
        assert_eq!((status("HEAD", "/", &host), status("GET", "/nothing", &host)), (200, 404));
    }

    #[test]
    fn what_is_not_open_yet_is_not_ready_and_well() {
        let host = [("host", "localhost")];
        assert_eq!((status("GET", "/readyz", &host), status("GET", "/healthz", &host)), (503, 200));
    }
}
