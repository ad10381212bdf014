//! What is told, of lines that are known.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{TcpListener, UdpSocket};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::Counting;
use crate::common::http::{Events, asked, get, page_port};
use crate::common::{Dir, Patience, start, until, weir};

/// The keys of the report of a batch.
fn keys(batch: &Value) -> Vec<&str> {
    let rows = batch["report"]["rows"].as_array().unwrap();
    rows.iter().map(|row| row["key"].as_str().unwrap()).collect()
}

#[test]
fn a_batch_is_told_with_its_records_and_its_report() {
    let mut counting = Counting::with(&["--interval", "100ms", "--update-state"]);
    let mut events = Events::of(counting.page);
    let run = events.next("run").unwrap();
    assert_eq!((&run["interval_ms"], &run["columns"]), (&json!(100), &json!(["value"])));
    let parts: Vec<_> = run["pipeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["what"].as_str().unwrap())
        .collect();
    assert_eq!(parts[..4], ["listen 0", "--split ' '", "--count-by-key", "--update-state"]);
    counting.send("a b a\nb a\n");
    let batch = events.batch();
    assert_eq!(
        (&batch["records"], &batch["bad"], &batch["keys"]),
        (&json!(2), &json!(0), &json!(2))
    );
    let rows = json!([
        { "key": "a", "values": ["3"], "size": 3.0 },
        { "key": "b", "values": ["2"], "size": 2.0 },
    ]);
    assert_eq!(batch["report"]["rows"], rows);
    assert!(batch["total_delay_ms"].as_f64().unwrap() >= batch["processing_ms"].as_f64().unwrap());
    counting.send("b b b b\n");
    assert_eq!(keys(&events.batch()), ["b", "a"]);

    let status = get(counting.page, "/api/status").json();
    assert_eq!((&status["records"], &status["keys"]), (&json!(3), &json!(2)));
    assert_eq!(status["steps"], json!([{ "out": 9, "dropped": 0, "bad": 0 }]));
    let link = &status["source"]["links"][0];
    assert_eq!(link["name"], json!(counting.client.local_addr().unwrap().to_string()));
    assert_eq!((&link["up"], &link["error"]), (&json!(true), &Value::Null));
    let batches = get(counting.page, "/api/batches").json();
    assert!(batches["batches"].as_array().unwrap().iter().any(|batch| batch["records"] == 2));
}

#[test]
fn keys_are_text_whatever_they_hold() {
    let mut counting = Counting::with(&["--interval", "100ms"]);
    let mut events = Events::of(counting.page);
    let long = "x".repeat(100_000);
    counting.send(format!("<script>alert(1)</script> <script>alert(1)</script> {long} \x1b[31m\n"));
    counting.send(b"\xff\xfe </script><!-- data:\r\r\n");
    let batch = events.batch();
    let mut all = keys(&batch).into_iter().map(str::to_string).collect::<Vec<_>>();
    while batch["records"] == 1 && all.len() < 6 {
        all.extend(keys(&events.batch()).into_iter().map(str::to_string));
    }
    let cut = format!("{}…", "x".repeat(160));
    for key in
        ["<script>alert(1)</script>", &cut, "␛[31m", "\u{fffd}\u{fffd}", "</script><!--", "data:␍"]
    {
        assert!(all.iter().any(|found| found == key), "{key} is not among {all:?}");
    }
    let answer = get(counting.page, "/api/batches");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[test]
fn bad_records_are_told_with_their_reasons_and_dropped_ones_by_their_step() {
    let mut run = start(weir(&[
        "listen",
        "0",
        "--ui",
        "0",
        "--reject",
        "^#",
        "--pair",
        "=",
        "--sum-by-key",
        "--interval",
        "100ms",
    ]));
    let page = page_port(&mut run);
    let mut client = crate::common::http::connection(run.port());
    let mut events = Events::of(page);
    client.write_all(b"# no\na=1\nnothing\nb=x<b>\n").unwrap();
    events.batch();
    until(|| get(page, "/api/status").json()["bad"] == 2);
    let status = get(page, "/api/status").json();
    assert_eq!(status["steps"][0], json!({ "out": 3, "dropped": 1, "bad": 0 }));
    assert_eq!(status["steps"][1], json!({ "out": 2, "dropped": 0, "bad": 1 }));
    let reasons = status["last_bad"].as_array().unwrap();
    let name = client.local_addr().unwrap().to_string();
    assert_eq!(reasons.len(), 2);
    assert!(
        reasons.iter().all(|reason| reason.as_str().unwrap().starts_with(&name)),
        "{reasons:?}"
    );
}

#[test]
fn a_server_that_refuses_is_told_and_that_it_has_come_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let flags = ["--count", "--interval", "100ms", "--reconnect-delay", "100ms", "--ui", "0"];
    let mut run = start(weir(&[&["connect", &address][..], &flags].concat()));
    let page = page_port(&mut run);
    let link = || get(page, "/api/status").json()["source"]["links"][0].clone();
    until(|| link() == json!({ "name": address, "up": false, "error": "connection refused" }));
    let told = |value| format!("weir_source_connected{{server=\"{address}\"}} {value}\n");
    assert!(get(page, "/metrics").body.contains(&told(0)));
    let _listener = TcpListener::bind(&address).unwrap();
    until(|| link() == json!({ "name": address, "up": true, "error": "connection refused" }));
    assert!(get(page, "/metrics").body.contains(&told(1)));
}

#[test]
fn datagrams_that_are_lost_are_told() {
    let flags = ["--count", "--interval", "100ms", "--ui", "0"];
    let mut run = start(weir(&[&["listen", "udp:0"][..], &flags].concat()));
    let page = page_port(&mut run);
    let line = run.err.line("weir: listening for datagrams on ");
    let port: u16 = line.split([':', ',']).nth(2).unwrap().parse().unwrap();
    let told = || get(page, "/api/status").json()["source"]["lost_datagrams"].clone();
    until(|| told() == 0);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    // More than fit into the queue, which nobody empties meanwhile.
    run.signal(Signal::STOP);
    for _ in 0..60_000 {
        socket.send(b"a datagram").unwrap();
    }
    run.signal(Signal::CONT);
    let said = run.err.line("lost");
    let lost: u64 = said.split(": ").nth(2).unwrap().split(' ').next().unwrap().parse().unwrap();
    until(|| told() == lost);
    let metrics = get(page, "/metrics").body;
    assert!(metrics.contains(&format!("\nweir_lost_datagrams_total {lost}\n")), "{metrics}");
    // Of clients that are slowed none is lost, and none is told.
    let clients = Counting::with(&["--interval", "100ms"]);
    until(|| get(clients.page, "/metrics").body.contains("weir_source_connections 1"));
    assert!(!get(clients.page, "/metrics").body.contains("datagrams"));
}

#[test]
fn metrics_are_told_in_both_formats() {
    let mut counting = Counting::with(&["--interval", "100ms"]);
    counting.send("a b\na\n");
    Events::of(counting.page).batch();
    let classic = get(counting.page, "/metrics");
    assert_eq!(classic.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        "# TYPE weir_records_total counter",
        "weir_records_total 2",
        "weir_read_bytes_total 6",
        "weir_step_rows_total{step=\"1\",typed=\"--split ' '\"} 3",
        "weir_interval_seconds 0.1",
        "# TYPE weir_batch_processing_seconds histogram",
    ] {
        assert!(classic.body.lines().any(|found| found == line), "{line}: {}", classic.body);
    }
    let open = asked(counting.page, "GET", "/metrics", "Accept: application/openmetrics-text\r\n");
    assert!(open.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(open.body.ends_with("# EOF\n"));
}

#[test]
fn a_run_whose_batches_do_not_end_is_not_healthy() {
    // A command that waits for a line holds up the output, and so the batches.
    let dir = Dir::new();
    let gate = dir.path("gate");
    rustix::fs::mkfifoat(rustix::fs::CWD, &gate, rustix::fs::Mode::RWXU).unwrap();
    // Whoever has both ends open waits for nobody.
    let mut lines = OpenOptions::new().read(true).write(true).open(&gate).unwrap();
    let command = format!("read line < {}", gate.display());
    let mut counting = Counting::with(&["--interval", "100ms", "--exec", &command]);
    assert_eq!(get(counting.page, "/healthz").status, 200);
    until(|| get(counting.page, "/readyz").body == "ready\n");
    counting.send("a\n");
    until(|| get(counting.page, "/healthz").status == 503);
    let said = get(counting.page, "/healthz").body;
    assert!(said.starts_with("no batch has ended for 1"), "{said}");
    lines.write_all(&[b'\n'; 10_000]).unwrap();
    until(|| get(counting.page, "/healthz").status == 200);
}

#[test]
fn a_checkpoint_is_told_with_its_size() {
    let dir = Dir::new();
    let path = dir.path("ck");
    let flags = ["--interval", "100ms", "--update-state", "--checkpoint", path.to_str().unwrap()];
    let mut counting = Counting::with(&flags);
    counting.send("a b\n");
    Events::of(counting.page).batch();
    let status = get(counting.page, "/api/status").json();
    assert!(status["checkpoint"]["bytes"].as_u64().unwrap() > 0, "{status}");
    assert!(status["checkpoint"]["commits"].as_u64().unwrap() > 0, "{status}");
}

#[test]
fn where_batches_do_not_end_by_the_clock_seconds_are_told() {
    let mut run =
        start(weir(&["stdin", "--interval", "0", "--ui", "0", "--count-by-key", "--update-state"]));
    let page = page_port(&mut run);
    let mut events = Events::of(page);
    run.write("a\nb\na\n");
    let (mut records, patience) = (0, Patience::new());
    while records < 3 {
        patience.lasts("the third record");
        let second = events.batch();
        records += second["records"].as_u64().unwrap();
        assert_eq!(second["processing_ms"], Value::Null);
    }
    // Where no batch ends it is said all the same how the input stands, as long as something comes.
    let waiting = || get(page, "/api/status").json()["source"]["waiting"].clone();
    until(|| {
        run.write("a\n");
        waiting() != ""
    });
    assert_eq!(get(page, "/healthz").status, 200);
    run.end().ok();
}

#[test]
fn records_that_are_printed_as_they_come_are_shown() {
    let mut run = start(weir(&["stdin", "--interval", "100ms", "--ui", "0"]));
    let page = page_port(&mut run);
    let mut events = Events::of(page);
    run.write("one\ntwo\n");
    assert_eq!(keys(&events.batch()).first(), Some(&"one"));
    run.end().ok();
}
