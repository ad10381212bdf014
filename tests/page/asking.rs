//! Who may ask what.

use rustix::process::Signal;

use crate::Counting;
use crate::common::http::{ask, asked, get};
use crate::common::{piped, start, weir};

#[test]
fn the_page_comes_whole_from_weir_and_may_load_nothing_else() {
    let counting = Counting::with(&[]);
    let page = get(counting.page, "/");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    for part in ["page.css", "page.js", "icon.svg"] {
        assert!(page.body.contains(part));
        let part = get(counting.page, &format!("/{part}"));
        assert_eq!((part.status, part.header("x-content-type-options")), (200, "nosniff"));
    }
    for forbidden in ["http://", "https://", "onclick", "style=", "<script>"] {
        assert!(!page.body.contains(forbidden), "{forbidden}");
    }
    let script = get(counting.page, "/page.js").body + &get(counting.page, "/draw.js").body;
    for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!script.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn a_name_that_is_not_ours_is_not_answered() {
    let page = Counting::with(&[]).page_kept();
    for host in ["evil.example", "localhost.evil.example", "evil.example:80"] {
        let answer = asked(page.0, "GET", "/api/status", &format!("Host: {host}\r\n"));
        assert_eq!(answer.status, 421, "{host}");
        assert!(!answer.body.contains("records"), "{}", answer.body);
    }
    for host in ["localhost", "127.0.0.1", &format!("127.0.0.1:{}", page.0), "[::1]:1"] {
        assert_eq!(asked(page.0, "GET", "/api/status", &format!("Host: {host}\r\n")).status, 200);
    }
    assert_eq!(ask(page.0, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n").status, 400);
    let foreign = asked(page.0, "GET", "/api/status", "Sec-Fetch-Site: cross-site\r\n");
    assert_eq!(foreign.status, 403);
}

#[test]
fn only_get_and_head_are_known() {
    let page = Counting::with(&[]).page_kept();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = asked(page.0, method, "/api/status", "Content-Length: 0\r\n");
        assert_eq!((answer.status, answer.header("allow")), (405, "get, head"), "{method}");
    }
    for path in ["/", "/metrics", "/api/events", "/healthz"] {
        let answer = asked(page.0, "HEAD", path, "");
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{path}");
    }
    for path in ["/etc/passwd", "/../Cargo.toml", "/%2e%2e/x", "//", "/api"] {
        assert_eq!(get(page.0, path).status, 404, "{path}");
    }
}

#[test]
fn what_is_no_http_ends_its_own_connection_only() {
    let page = Counting::with(&[]).page_kept();
    for nonsense in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let answer = ask(page.0, nonsense);
        assert_eq!(answer.status, 400, "{nonsense:?}");
    }
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    assert_eq!(ask(page.0, &long).status, 431);
    assert_eq!(get(page.0, "/healthz").status, 200);
}

#[test]
fn a_port_that_is_taken_ends_the_run_with_a_sentence() {
    let page = Counting::with(&[]).page_kept();
    let taken = page.0.to_string();
    let ended = piped(&["stdin", "--count", "--ui", &taken], "a\n");
    let said = format!(
        "weir: --ui 127.0.0.1:{taken}: address already in use; another port may be free, and with 0 \
         the system chooses one\n"
    );
    assert_eq!(ended.failed(1), said);
}

#[test]
fn what_is_no_address_is_a_usage_error() {
    for (typed, says) in
        [("x", "no port is given"), ("70000", "at most 65535"), ("h t:1", "no host")]
    {
        let ended = piped(&["stdin", "--count", "--ui", typed], "");
        let said = ended.failed(2);
        assert!(said.starts_with("weir: --ui: ") && said.contains(says), "{said}");
    }
}

#[test]
fn an_address_for_all_is_said_to_be_open() {
    let mut run = start(weir(&["listen", "0", "--ui", "0.0.0.0:0"]));
    let line = run.err.line("the page is at port ");
    assert!(line.ends_with("of this machine's addresses, open to the network"), "{line}");
    run.port();
    run.signal(Signal::TERM);
    run.end().ok();
}

/// A port whose weir runs as long as this is kept.
struct Page(u16, #[expect(dead_code, reason = "it runs as long as it is kept")] Counting);

impl Counting {
    fn page_kept(self) -> Page {
        Page(self.page, self)
    }
}
