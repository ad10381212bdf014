//! `/metrics`: the counters as OpenMetrics, and in the text format that came before it.
//!
//! What is counted elsewhere is read when it is asked for. In the
//! older format a counter's family has the name of its samples, which end with `_total`, and there are
//! neither units nor a mark at the end.

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};

use super::chronicle::Chronicle;
use super::machine;
use super::verdict::State;
use crate::clock;
use crate::metrics::Metrics;
use crate::metrics::flow::Flow;

/// The type of the newer format.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The type of the older format.
pub const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Which of its numbers.
type Count = fn(&Flow) -> u64;
/// A family of numbers that are told apart by labels.
type Labelled<N> = Family<Vec<(&'static str, String)>, N>;

/// All metrics, as OpenMetrics.
pub fn text(chronicle: &Chronicle) -> String {
    let (mut ours, mut process) = (Registry::with_prefix("weir"), Registry::with_prefix("process"));
    counts(&mut ours, &chronicle.hall.metrics);
    batches(&mut ours, chronicle);
    input(&mut ours, &chronicle.hall.metrics);
    steps(&mut ours, chronicle);
    standing(&mut ours, chronicle);
    machine(&mut process, chronicle);
    let mut text = String::new();
    let written = encode_registry(&mut text, &ours)
        .and_then(|()| encode_registry(&mut text, &process))
        .and_then(|()| encode_eof(&mut text));
    written.expect("a String takes all text");
    text
}

fn counts(to: &mut Registry, metrics: &Metrics) {
    let all = [
        ("records", "Records that were read, good ones", &metrics.records),
        ("bad_records", "Records that could not be used", &metrics.bad),
        ("dropped_records", "Records that a step has dropped", &metrics.filtered),
        ("rows", "Rows that were reported, or records that were written", &metrics.rows),
        ("passed_batches", "Batches that have passed unread", &metrics.late_batches),
    ];
    for (name, help, counter) in all {
        to.register(name, help, ConstCounter::new(counter.get()));
    }
    let bytes = ConstCounter::new(metrics.bytes.get());
    to.register_with_unit("read", "Bytes of the records that were read", Unit::Bytes, bytes);
    let busy = ConstCounter::new(metrics.busy.get() as f64 / 1e6);
    to.register_with_unit(
        "worker_busy",
        "Time for which workers had input in hand",
        Unit::Seconds,
        busy,
    );
}

fn batches(to: &mut Registry, chronicle: &Chronicle) {
    to.register("batches", "Batches that are out", ConstCounter::new(chronicle.ended()));
    let seconds = |name: &str| (format!("batch_{name}"), Unit::Seconds);
    let delays = &chronicle.delays;
    let all = [
        (
            "scheduling_delay",
            "From a batch's Time until somebody began to close it",
            &delays.scheduling,
        ),
        ("processing", "From then until its report was out", &delays.processing),
        ("total_delay", "From a batch's Time until its report was out", &delays.total),
    ];
    for (name, help, histogram) in all {
        let (name, unit) = seconds(name);
        to.register_with_unit(name, help, unit, histogram.clone());
    }
    let interval = chronicle.hall.run.interval.as_secs_f64();
    to.register_with_unit(
        "interval",
        "The batch interval",
        Unit::Seconds,
        ConstGauge::new(interval),
    );
    if let Some(batch) = chronicle.newest() {
        let (time, records) = (batch.time.0 as f64 / 1e3, batch.taken.records as i64);
        let help = "The Time of the last batch";
        to.register_with_unit("last_batch_timestamp", help, Unit::Seconds, ConstGauge::new(time));
        to.register("last_batch_records", "Records of the last batch", ConstGauge::new(records));
        if let Some(keys) = batch.keys {
            to.register(
                "keys",
                "Keys that are kept beyond the batch",
                ConstGauge::new(keys as i64),
            );
        }
    }
}

fn input(to: &mut Registry, metrics: &Metrics) {
    let (lag, up) = (Labelled::<Gauge>::default(), Labelled::<Gauge>::default());
    for (part, count) in metrics.behind.get() {
        lag.get_or_create(&vec![("part", part)]).set(count as i64);
    }
    let said = metrics.links.get();
    // Of guests, each of which has another name, there would be more and more.
    for link in said.links.into_iter().filter(|link| !link.is_guest) {
        up.get_or_create(&vec![("server", link.name)]).set(i64::from(link.is_up));
    }
    to.register("source_lag_records", "Records of a part of the input that were not read yet", lag);
    to.register("source_connected", "1 if the source is connected with this server", up);
    if let Some(lost) = said.lost {
        let help =
            "Datagrams that came faster than they were read, so that the system dropped them";
        to.register("lost_datagrams", help, ConstCounter::new(lost));
    }
    if let Some(up) = said.up {
        let help = "Connections of the source that stand";
        to.register("source_connections", help, ConstGauge::new(up as i64));
    }
}

fn steps(to: &mut Registry, chronicle: &Chronicle) {
    let outline = chronicle.hall.run.outline.iter().filter(|line| line.part == "step");
    let flows = chronicle.hall.metrics.flows.get();
    let all: [(&str, &str, Count); 3] = [
        ("step_rows", "Rows that have left a step", |flow| flow.left.get()),
        ("step_dropped_rows", "Rows that a step has dropped", |flow| flow.dropped.get()),
        ("step_bad_rows", "Rows that a step has refused", |flow| flow.bad.get()),
    ];
    for (name, help, count) in all {
        let family = Labelled::<prometheus_client::metrics::counter::Counter>::default();
        for (number, (flow, line)) in flows.iter().zip(outline.clone()).enumerate() {
            let labels = vec![("step", (number + 1).to_string()), ("typed", line.what.clone())];
            family.get_or_create(&labels).inc_by(count(flow));
        }
        to.register(name, help, family);
    }
}

fn standing(to: &mut Registry, chronicle: &Chronicle) {
    let run = &chronicle.hall.run;
    to.register("workers", "Threads that read and fold", ConstGauge::new(run.threads as i64));
    let good = chronicle.verdict().state == State::Good;
    to.register("keeps_up", "1 if the run keeps up", ConstGauge::new(i64::from(good)));
    let listeners = chronicle.listeners() as i64;
    to.register(
        "page_listeners",
        "Browsers that are told of each batch",
        ConstGauge::new(listeners),
    );
    if let Some(stored) = chronicle.hall.metrics.stored() {
        let help = "The bytes of the checkpoint's logs and snapshot";
        to.register_with_unit(
            "checkpoint",
            help,
            Unit::Bytes,
            ConstGauge::new(stored.bytes as i64),
        );
        let help = "Batches that were recorded in the checkpoint";
        to.register("checkpoint_commits", help, ConstCounter::new(stored.commits));
        let (help, took) = ("How long the last of them took", stored.micros as f64 / 1e6);
        to.register_with_unit("checkpoint_commit", help, Unit::Seconds, ConstGauge::new(took));
    }
    let build = Labelled::<Gauge>::default();
    build.get_or_create(&vec![("version", env!("CARGO_PKG_VERSION").to_string())]).set(1);
    to.register("build_info", "The version that runs", build);
}

fn machine(to: &mut Registry, chronicle: &Chronicle) {
    let (memory, seconds) = (machine::memory().now as i64, Unit::Seconds);
    to.register_with_unit(
        "resident_memory",
        "Memory that is used",
        Unit::Bytes,
        ConstGauge::new(memory),
    );
    let cpu = ConstCounter::new(clock::processor_time().as_secs_f64());
    to.register_with_unit("cpu", "Processor time that was used", seconds.clone(), cpu);
    to.register("open_fds", "Files that are open", ConstGauge::new(machine::open_files() as i64));
    let started = ConstGauge::new(chronicle.hall.run.started.0 as f64 / 1e3);
    to.register_with_unit(
        "start_time",
        "When the run was started, since the epoch",
        seconds,
        started,
    );
}

/// The same in the text format that came before.
pub fn classic(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", ..] => help = Some(words),
            ["#", "UNIT", ..] | ["#", "EOF"] => {}
            ["#", "TYPE", name, kind] => {
                let end = if kind == "counter" { "_total" } else { "" };
                if let Some(["#", "HELP", _, text]) = help.take().as_deref() {
                    out.push_str(&format!("# HELP {name}{end} {text}\n"));
                }
                out.push_str(&format!("# TYPE {name}{end} {kind}\n"));
            }
            _ => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::page::board::Hall;
    use crate::page::run::tests::run;
    use crate::part::outline::Outline;

    fn metrics() -> String {
        let mut run = run();
        let what = "--filter 'a \"b\"\\'".to_string();
        run.outline.push(Outline { part: "step", what, leaves: "record".to_string() });
        let metrics = Arc::new(Metrics::default());
        metrics.records.add(7);
        metrics.flows.begin(1)[0].left.add(5);
        let hall = Hall { run, metrics, inbox: Arc::default(), host: String::new() };
        text(&Chronicle::new(hall))
    }

    #[test]
    fn counters_have_units_and_labels_are_escaped() {
        let text = metrics();
        for line in [
            "# TYPE weir_records counter",
            "weir_records_total 7",
            "# UNIT weir_read_bytes bytes",
            r#"weir_step_rows_total{step="1",typed="--filter 'a \"b\"\\'"} 5"#,
            "weir_batch_processing_seconds_count 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }

    #[test]
    fn the_older_format_names_counters_as_their_samples_are() {
        let text = classic(&metrics());
        assert!(text.contains(
            "# HELP weir_records_total Records that were read, good ones.\n\
             # TYPE weir_records_total counter\nweir_records_total 7\n"
        ));
        assert!(text.contains("# TYPE weir_interval_seconds gauge\nweir_interval_seconds 1"));
        assert!(!text.contains("# EOF") && !text.contains("# UNIT"));
    }
}
