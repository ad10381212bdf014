//! A headless Chromium, driven by its own `chromedriver`: requests over HTTP, answers in JSON.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{PATIENCE, until};

/// A browser; it ends with the test.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts one, with a window of this size.
    pub fn start(width: u32, height: u32) -> Browser {
        // The port that it is given on one kind of address may be another program's on the other.
        let (driver, port) = (0..9).find_map(|_| driver()).expect("chromedriver listens");
        let mut browser = Browser { driver, port, session: String::new() };
        let size = format!("--window-size={width},{height}");
        let args =
            ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", &size];
        let options = json!({ "args": args, "binary": "/usr/bin/chromium" });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let made = browser.ask("POST", "/session", &wanted);
        browser.session = made["sessionId"].as_str().unwrap().to_string();
        browser
    }

    /// Sends a command to the session; its value.
    pub fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).unwrap();
            if let Some(digits) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = digits.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer).unwrap();
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        let value = answer["value"].take();
        assert_eq!(value["error"], Value::Null, "{method} {path}: {value}");
        value
    }

    /// Loads a page.
    pub fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({ "url": url }));
    }

    /// Runs a function's body in the page.
    pub fn run(&self, script: &str, args: Value) -> Value {
        self.command("POST", "/execute/sync", &json!({ "script": script, "args": args }))
    }

    /// What a person reads of an element; nothing, if it is not shown.
    pub fn text(&self, selector: &str) -> String {
        let script = "const found = document.querySelector(arguments[0]); \
            return found && found.checkVisibility() ? found.innerText : ''";
        self.run(script, json!([selector])).as_str().unwrap().to_string()
    }

    /// What a person reads of each such element.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map(each => each.innerText)";
        let found = self.run(script, json!([selector]));
        found.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_string()).collect()
    }

    /// Waits until an element says something.
    #[track_caller]
    pub fn reads(&self, selector: &str, text: &str) {
        until(|| self.text(selector).contains(text));
    }

    /// A command of the browser's own protocol.
    pub fn devtools(&self, name: &str, parameters: Value) -> Value {
        self.command("POST", "/goog/cdp/execute", &json!({ "cmd": name, "params": parameters }))
    }

    /// What the page has complained of.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.command("POST", "/se/log", &json!({ "type": "browser" }));
        let messages = log.as_array().unwrap().iter().map(|line| line["message"].to_string());
        // That a connection is lost is said there too, and the test's doing.
        messages.filter(|message| !message.contains("net::ERR_")).collect()
    }

    /// Takes a picture of the page.
    pub fn picture(&self, path: &Path) {
        // Bars are on their way for so long.
        std::thread::park_timeout(Duration::from_millis(700));
        let picture = self.command("GET", "/screenshot", &Value::Null);
        std::fs::write(path, decoded(picture.as_str().unwrap())).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser would outlive its driver, and a test that has failed.
        let request = format!(
            "DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            self.session
        );
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = stream.write_all(request.as_bytes());
            let _ = stream.read(&mut [0; 1]);
        }
        let _ = rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.driver),
            rustix::process::Signal::TERM,
        );
        let _ = self.driver.wait();
    }
}

/// Starts a driver, and finds out where it listens.
fn driver() -> Option<(Child, u16)> {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut driver = command.spawn().unwrap();
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map(Result::unwrap);
    let Some(line) = lines.find(|line| line.contains("successfully on port ")) else {
        driver.wait().unwrap();
        return None;
    };
    let port = line.trim_end_matches('.').rsplit(' ').next().unwrap().parse().unwrap();
    // Whatever else it says is not waited for.
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
}

/// Bytes of base64.
fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte: &u8| DIGITS.iter().position(|digit| digit == byte).unwrap() as u32;
    let digits: Vec<u32> = text.trim_end_matches('=').as_bytes().iter().map(digit).collect();
    let mut bytes = Vec::new();
    for group in digits.chunks(4) {
        let bits = (0..4).fold(0, |bits, at| bits << 6 | group.get(at).copied().unwrap_or(0));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}
