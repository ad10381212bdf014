//! A real Prometheus scrapes a running weir, and `promtool` has nothing to say against what it gets.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::common::http::{get, page_port};
use crate::common::{Dir, Run, start, until, weir};

/// A Prometheus; it ends with the test.
struct Prometheus {
    child: Child,
    port: u16,
    _dir: Dir,
}

impl Prometheus {
    /// One that scrapes this port.
    fn of(page: u16) -> Prometheus {
        let dir = Dir::new();
        let target = format!(
            "global: {{ scrape_interval: 1s }}\n\
             scrape_configs: [{{ job_name: weir, static_configs: [{{ targets: ['127.0.0.1:{page}'] }}] }}]\n"
        );
        let config = dir.file("prometheus.yml", target);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.tsdb.path={}", dir.path("data").display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Prometheus { child, port, _dir: dir }
    }

    /// The values that it has of a metric.
    fn values(&self, query: &str) -> Vec<String> {
        if TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            return Vec::new();
        }
        let answer = get(self.port, &format!("/api/v1/query?query={query}"));
        let Ok(answer) = serde_json::from_str::<Value>(&answer.body) else { return Vec::new() };
        let found = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        found.iter().map(|one| one["value"][1].as_str().unwrap().to_string()).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn counting() -> (Run, u16, TcpStream) {
    let mut run = start(weir(&[
        "listen",
        "0",
        "--ui",
        "0",
        "--interval",
        "200ms",
        "--filter",
        "a \"quoted\"|[\\\\]|word",
        "--split",
        " ",
        "--count-by-key",
        "--update-state",
    ]));
    let page = page_port(&mut run);
    let client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
    (run, page, client)
}

#[test]
#[ignore = "needs prometheus: scripts/check runs it"]
fn prometheus_reads_what_was_counted() {
    let (_run, page, mut client) = counting();
    client.write_all(b"word one\nword two\nnothing\n").unwrap();
    let prometheus = Prometheus::of(page);
    until(|| prometheus.values("weir_records_total") == ["3"]);
    for (query, value) in [
        ("up", "1"),
        ("weir_dropped_records_total", "1"),
        ("weir_read_bytes_total", "26"),
        ("weir_keys", "3"),
        ("weir_source_connections", "1"),
        ("weir_step_rows_total{step=\"2\"}", "4"),
    ] {
        assert_eq!(prometheus.values(query), [value], "{query}");
    }
    until(|| {
        prometheus.values("weir_batch_total_delay_seconds_count").first() > Some(&"0".to_string())
    });
    until(|| !prometheus.values("rate(process_cpu_seconds_total[10s])").is_empty());
    let targets = get(prometheus.port, "/api/v1/targets").body;
    let targets: Value = serde_json::from_str(&targets).unwrap();
    assert_eq!(targets["data"]["activeTargets"][0]["lastError"], json!(""));
}

#[test]
#[ignore = "needs promtool: scripts/check runs it"]
fn promtool_finds_nothing_to_say_against_the_metrics() {
    let (_run, page, mut client) = counting();
    client.write_all(b"word one\n").unwrap();
    until(|| get(page, "/metrics").body.contains("weir_keys 2"));
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = command.spawn().unwrap();
    let metrics = get(page, "/metrics").body;
    promtool.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{metrics}");
}
