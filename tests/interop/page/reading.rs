//! What a person reads on the page, of lines that are known.

use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::common::http::page_port;
use crate::common::{Run, start, until, weir};

const COUNT: [&str; 4] = ["--split", " ", "--count-by-key", "--update-state"];

/// A run that counts words, with its page and a client.
fn counting(page: u16, flags: &[&str]) -> (Run, u16, TcpStream) {
    let page = page.to_string();
    let command = [&["listen", "0", "--ui", &page][..], &COUNT, flags].concat();
    let mut run = start(weir(&command));
    let page = page_port(&mut run);
    let client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
    (run, page, client)
}

/// The keys of the bars from the top down, with their values.
fn bars(browser: &Browser) -> Vec<String> {
    let texts = browser.texts("#bars li");
    texts.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// How long the bar of a key is drawn, in pixels.
fn length(browser: &Browser, key: &str) -> f64 {
    let script = "const item = [...document.querySelectorAll('#bars li')] \
        .find(item => item.querySelector('.key').textContent === arguments[0]); \
        return item ? item.querySelector('.bar').getBoundingClientRect().width : -1";
    browser.run(script, json!([key])).as_f64().unwrap()
}

/// Nothing was refused to the page, and it has said nothing about it.
fn is_content(browser: &Browser) {
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:?}");
}

#[test]
#[ignore = "needs chromium: scripts/check runs it"]
fn a_person_reads_whether_it_keeps_up_and_what_is_counted() {
    let (_run, page, mut client) = counting(0, &["--interval", "200ms"]);
    let browser = Browser::start(1280, 1000);
    browser.open(&format!("http://127.0.0.1:{page}/"));
    browser.reads("#verdict", "keeps up");
    browser.reads("#about", "Batches of 200 ms for ");
    browser.reads("#processing", "┄ of 200 ms");
    browser.reads("#processing small", " · max");
    browser.reads("#covered", " batches, from ");
    client.write_all(b"to be or not to be\nthat is\n").unwrap();
    until(|| bars(&browser) == ["be 2", "to 2", "is 1", "not 1", "or 1", "that 1"]);
    // How all stands is told each second.
    browser.reads("#tiles", "Records\n2\n27 B");
    browser.reads("#tiles", "Keys in state\n6");
    browser.reads("#tiles", "Bad records\n0");
    // Two records came in one batch, or one in each of two: of 200 ms, so five or ten a second.
    let rows = browser.texts("#batches tbody tr");
    assert!(rows.iter().any(|row| row.contains("\t2\t") || row.contains("\t1\t")), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("be2to2")), "{rows:?}");
    let parts = browser.texts("#pipeline .part");
    assert!(parts[0].contains("listen") && parts[0].contains("2 read"), "{parts:?}");
    assert!(parts[1].contains("--split ' '") && parts[1].contains("2 in · 8 out"), "{parts:?}");
    assert!(parts[2].contains("--count-by-key") && parts[2].contains("8 in"), "{parts:?}");
    browser.reads("#links", &client.local_addr().unwrap().to_string());
    is_content(&browser);
}

#[test]
#[ignore = "needs chromium: scripts/check runs it"]
fn the_rate_that_is_read_is_that_of_the_lines() {
    // A batch of two seconds with 40 lines: 20 a second, whichever batch they are in.
    let (_run, page, mut client) = counting(0, &["--interval", "2s"]);
    let browser = Browser::start(1280, 1000);
    browser.open(&format!("http://127.0.0.1:{page}/"));
    // Lines that come right behind the end of a batch are all in the next one.
    let batches = || browser.texts("#batches tbody tr").len();
    let before = batches();
    until(|| batches() > before);
    client.write_all("a\n".repeat(40).as_bytes()).unwrap();
    browser.reads("#rate output", "20/s");
    assert!(browser.texts("#batches tbody tr")[0].contains("\t40\t"));
    is_content(&browser);
}

#[test]
#[ignore = "needs chromium: scripts/check runs it"]
fn a_bar_grows_and_takes_its_place_as_its_key_is_counted() {
    let (_run, page, mut client) = counting(0, &["--interval", "200ms"]);
    let browser = Browser::start(1280, 1000);
    browser.open(&format!("http://127.0.0.1:{page}/"));
    client.write_all(format!("{}b\n", "a ".repeat(10)).as_bytes()).unwrap();
    until(|| length(&browser, "a") > 100.0 && length(&browser, "b") > 5.0);
    until(|| {
        let (a, b) = (length(&browser, "a"), length(&browser, "b"));
        (b / a - 0.1).abs() < 0.02
    });
    let small = length(&browser, "b");
    client.write_all("b ".repeat(4).trim_end().as_bytes()).unwrap();
    client.write_all(b"\n").unwrap();
    until(|| length(&browser, "b") > small * 4.5);
    assert_eq!(bars(&browser), ["a 10", "b 5"]);
    client.write_all("b ".repeat(10).trim_end().as_bytes()).unwrap();
    client.write_all(b"\n").unwrap();
    until(|| bars(&browser) == ["b 15", "a 10"]);
}

#[test]
#[ignore = "needs chromium: scripts/check runs it"]
fn bars_of_several_values_begin_in_one_place_and_values_have_few_digits() {
    let flags =
        ["--pair", "=", "--stats-by-key", "count,mean", "--update-state", "--interval", "200ms"];
    let mut run = start(weir(&[&["listen", "0", "--ui", "0"][..], &flags].concat()));
    let page = page_port(&mut run);
    let mut client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
    let browser = Browser::start(1280, 1000);
    browser.open(&format!("http://127.0.0.1:{page}/"));
    client.write_all(b"a=1\na=1\na=2\nlong key=100000.5\n").unwrap();
    until(|| bars(&browser) == ["a 3 1.33333", "long key 1 100000.5"]);
    let script = "return [...document.querySelectorAll('#bars .track')] \
        .map(track => track.getBoundingClientRect()).map(({ left, right }) => [left, right])";
    let places = browser.run(script, json!([]));
    assert_eq!(places[0], places[1], "{places}");
    is_content(&browser);
}

#[test]
#[ignore = "needs chromium: scripts/check runs it"]
fn a_key_that_is_markup_is_read_as_text() {
    let (_run, page, mut client) = counting(0, &["--interval", "200ms"]);
    let browser = Browser::start(1280, 1000);
    browser.open(&format!("http://127.0.0.1:{page}/"));
    client.write_all(b"<script>alert(1)</script> <img/src=x/onerror=alert(2)> \xff\n").unwrap();
    until(|| bars(&browser).len() == 3);
    assert_eq!(
        bars(&browser),
        ["<img/src=x/onerror=alert(2)> 1", "<script>alert(1)</script> 1", "\u{fffd} 1"]
    );
    assert!(browser.texts("#batches tbody tr")[0].contains("<script>alert(1)</script>"));
    let made =
        browser.run("return document.querySelectorAll('body script, main img').length", json!([]));
    assert_eq!(made, json!(0));
    is_content(&browser);
}

#[test]
#[ignore = "needs chromium: scripts/check runs it"]
fn a_connection_that_is_lost_is_said_and_found_again() {
    let (mut run, page, _client) = counting(0, &["--interval", "200ms"]);
    let browser = Browser::start(1280, 1000);
    browser.open(&format!("http://127.0.0.1:{page}/"));
    browser.reads("#verdict", "keeps up");
    assert_eq!(browser.text("#lost"), "");
    run.signal(Signal::KILL);
    run.status();
    browser.reads("#lost", "The connection to weir is lost");
    assert!(browser.text("#verdict").contains("connection lost"));
    let (_run, _, mut client) = counting(page, &["--interval", "200ms"]);
    client.write_all(b"again\n").unwrap();
    until(|| bars(&browser) == ["again 1"]);
    assert_eq!(browser.text("#lost"), "");
    browser.reads("#verdict", "keeps up");
}

#[test]
#[ignore = "needs chromium: scripts/check runs it"]
fn the_page_is_whole_in_the_dark_and_on_a_phone() {
    let (_run, page, mut client) = counting(0, &["--interval", "200ms", "--reject", "^$"]);
    let browser = Browser::start(1280, 1400);
    browser.open(&format!("http://127.0.0.1:{page}/"));
    let long = "x".repeat(400);
    client.write_all(format!("a a {long} b\n\n").as_bytes()).unwrap();
    until(|| bars(&browser).len() == 4 - 1);
    let fits = || {
        let script = "return document.documentElement.scrollWidth - window.innerWidth";
        let beyond = browser.run(script, json!([])).as_i64().unwrap();
        assert!(beyond <= 0, "{beyond} pixels stand beyond the window");
    };
    let ground =
        || browser.run("return getComputedStyle(document.body).backgroundColor", json!([]));
    let light = ground();
    fits();
    browser.picture(&shot("light"));
    let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    browser.devtools("Emulation.setEmulatedMedia", dark);
    assert_ne!(ground(), light);
    browser.picture(&shot("dark"));
    let phone = json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true });
    browser.devtools("Emulation.setDeviceMetricsOverride", phone);
    fits();
    browser.picture(&shot("phone"));
    is_content(&browser);
}

/// Where a picture is kept, to be looked at.
fn shot(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{name}.png"))
}

/// Values that no JSON has are not shown as such.
#[test]
#[ignore = "needs chromium: scripts/check runs it"]
fn nothing_reads_as_undefined_or_null() {
    for flags in [&["--interval", "200ms"][..], &["--interval", "0"], &["--once"]] {
        let command = [&["listen", "0", "--ui", "0"][..], &COUNT, flags].concat();
        let mut run = start(weir(&command));
        let page = page_port(&mut run);
        let mut client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
        let browser = Browser::start(1280, 1000);
        browser.open(&format!("http://127.0.0.1:{page}/"));
        client.write_all(b"a b\n").unwrap();
        browser.reads("#tiles", "Records\n1");
        let text = browser.text("body");
        for word in ["undefined", "null", "NaN", "[object"] {
            assert!(!text.contains(word), "{flags:?}: {word} in {text}");
        }
        assert_ne!(browser.run("return document.title", json!([])), Value::Null);
        is_content(&browser);
    }
}
