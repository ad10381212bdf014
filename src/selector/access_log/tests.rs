//! Lines as servers write them, and as clients would like them to be read.

use super::super::testing::selected;
use super::*;
use proptest::prelude::*;

fn parts(sel: &str, line: &str) -> Vec<String> {
    let items = parse(sel).unwrap();
    let count = items.len();
    selected(&mut AccessLog::new(items), count, line.as_bytes())
}

const ALL: &str = "host,ident,user,time,minute,hour,method,path,protocol,status,class,request,bytes,referer,agent";

#[test]
fn all_parts_of_a_line_are_found() {
    let line = r#"fe80::1%eth1 - joe [07/Sep/2025:15:58:36 +0200] "GET /a?b c HTTP/1.1" 503 51 "http://h/" "an \"agent\"" 0.1 "-""#;
    let time = "07/Sep/2025:15:58:36 +0200";
    let expected = [
        "fe80::1%eth1",
        "-",
        "joe",
        time,
        "2025-09-07T15:58",
        "2025-09-07T15",
        "GET",
        "/a?b c",
        "HTTP/1.1",
        "503",
        "5xx",
        "GET /a?b c HTTP/1.1",
        "51",
        "http://h/",
        r#"an \"agent\""#,
    ];
    assert_eq!(parts(ALL, line), expected);
}

#[test]
fn a_line_may_be_odd_or_end_early() {
    let table: [(&str, &str, &[&str]); 18] = [
        ("host,user,bytes,agent", r#"h - - [t] "-" 408 -"#, &["h", "-", "0", "-not there"]),
        ("method,path,request", r#"h - - [t] "-" 408 -"#, &[M, M, "-"]),
        ("method,path,request", r#"h - - [t] "" 400 0"#, &[M, M, ""]),
        ("method,status", r#"h - - [t] "\x16\x03 a" 400 0"#, &[M, "400"]),
        ("method,path,protocol", r#"h - - [t] "GET /a b" 200 1"#, &["GET", "/a b", "-not there"]),
        (
            "method,path,protocol",
            r#"h - - [t] "GET HTTP/1.1" 200 1"#,
            &["GET", "-not there", "HTTP/1.1"],
        ),
        (
            "user,status",
            r#"h - John \"J\" Doe [t] "GET /a HTTP/1.1" 200 1"#,
            &[r#"John \"J\" Doe"#, "200"],
        ),
        ("user,status", r#"h - John "J" Doe [t] "GET /a" 200 1"#, &[r#"John "J" Doe"#, "200"]),
        ("time,path,status", r#"h - - "GET /a HTTP/1.1" 200 1"#, &["-not there", "/a", "200"]),
        ("path,status", r#"h - - [t] "GET /"x" y HTTP/1.1" 200 1"#, &[r#"/"x" y"#, "200"]),
        ("path,status", r#"h - - [t] "GET /\\" 404 0"#, &[r"/\\", "404"]),
        (
            "status",
            r#"h - - [t] "GET /\" 404 0"#,
            &["-a quote that does not end, at byte 10 of it"],
        ),
        (
            "status,bytes",
            r#"h - - [t] "GET /" - 7"#,
            &["-no status, at byte 18 of it", "-no status, at byte 18 of it"],
        ),
        ("status,bytes", r#"h - - [t] "GET /" 200 x"#, &["200", "-no number, at byte 22 of it"]),
        ("status,bytes", r#"h - - [t] "GET /" 200"#, &["200", "-not there"]),
        ("host,time,status", "h - - [t]", &["h", "t", "-not there"]),
        (
            "referer,agent",
            r#"h - - [t] "GET /" 200 1 "r" x"#,
            &["r", "-no quote, at byte 28 of it"],
        ),
        ("host,ident,user", r#" [t] "GET /" 200"#, &["-not there"; 3]),
    ];
    for (sel, line, expected) in table {
        assert_eq!(parts(sel, line), expected, "{sel} of {line}");
    }
    for line in ["", "an error", "he said \"no\" to it", "]x[ \"", "\"GET /\" 200"] {
        assert_eq!(parts("host,status", line), ["-no line of an access log"; 2], "{line}");
    }
}

const M: &str = "-no request of a method and a path";

#[test]
fn minutes_and_hours_sort() {
    let of = |time: &str| parts("minute,hour", &format!(r#"h - - [{time}] "GET /" 200 1"#));
    for time in [
        "11/Dec/2018:01:31:24 +0000",
        "2018-12-11T01:31:24+00:00",
        "2018-12-11 01:31",
        "11/Dec/2018:01:31",
    ] {
        assert_eq!(of(time), ["2018-12-11T01:31", "2018-12-11T01"]);
    }
    for time in [
        "",
        "11/Foo/2018:01:31:24 +0000",
        "11/Dec/18:01:31:24 +0000",
        "1544491884",
        "2018-12-11T0x:31:24",
    ] {
        assert_eq!(of(time), ["-no time"; 2], "{time}");
    }
}

#[test]
fn a_part_that_does_not_exist_is_pointed_at_and_those_there_are_named() {
    let why = parse("host,staus").unwrap_err();
    assert!(why.starts_with("cannot be read:\n    host,staus\n         ^\nerror: "), "{why}");
    assert!(why.ends_with(&ALL.replace(',', " ")), "{why}");
    assert_eq!(parse(ALL).unwrap().iter().map(Item::to_string).collect::<Vec<_>>().join(","), ALL);
}

/// What a client sends, and how Apache writes it.
fn sent() -> impl Strategy<Value = String> {
    let piece =
        prop::sample::select(vec!["a", " ", "\"", "\\", "[", "]", " 500 9", "HTTP/1.1", "é", "-"]);
    let escaped = |text: String| text.replace('\\', r"\\").replace('"', "\\\"");
    prop::collection::vec(piece, 0..8).prop_map(move |pieces| escaped(pieces.concat()))
}

proptest! {
    #[test]
    fn what_a_client_sends_moves_no_other_part(
        path in sent(), referer in sent(), agent in sent(), status in 100u32..600, bytes in 0u32..100_000, more: bool,
    ) {
        let more = if more { " 0.137 \"-\"" } else { "" };
        let request = format!("POST /{path} HTTP/2.0");
        let line = format!(
            r#"::1 - joe [07/Sep/2025:15:58:36 +0200] "{request}" {status} {bytes} "{referer}" "{agent}"{more}"#);
        let found = parts(ALL, &line);
        let path = format!("/{path}");
        let expected = [
            "::1", "-", "joe", "07/Sep/2025:15:58:36 +0200", "2025-09-07T15:58", "2025-09-07T15", "POST",
            &path, "HTTP/2.0", &status.to_string(), &format!("{}xx", status / 100), &request,
            &bytes.to_string(), &referer, &agent,
        ];
        prop_assert_eq!(found, expected.map(str::to_string));
    }

    #[test]
    fn any_bytes_have_an_answer(line in prop::collection::vec(prop::sample::select(&b"a \"\\[]/-:2\t\xff"[..]), 0..40)) {
        let items = parse(ALL).unwrap();
        let count = items.len();
        selected(&mut AccessLog::new(items), count, &line);
    }
}
