//! Brokers that are not there, and one that goes and comes again.

use std::net::TcpListener;

use rustix::process::Signal;

use super::{Broker, numbers};
use crate::common::{start, weir};

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_broker_that_never_answers_ends_the_run_after_the_connect_timeout() {
    // One refuses, one takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap();
    for broker in ["127.0.0.1:1", &silent.to_string()] {
        for more in [&["--once"][..], &[]] {
            let mut command = weir(&["kafka", "-b", broker, "-t", "t", "--count"]);
            command.args(["--connect-timeout", "2s"]).args(more);
            let ended = start(command).end();
            let said = ended.failed(1);
            assert!(said.contains(broker), "{said}");
        }
    }
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_broker_that_goes_is_waited_for_and_nothing_is_lost() {
    let broker = Broker::start(&["broker.session.timeout.ms=3000"]);
    let topic = broker.topic(2);
    topic.send_to(0, &numbers(1, 5));
    let flags = ["--from", "earliest", "--count", "--update-state", "--interval", "200ms"];
    let mut run =
        topic.run(&[&flags[..], &["--format", "text", "--skip-empty", "--changed"]].concat());
    while run.out.line("") != "5" {}
    for (outage, total) in [(Broker::stop as fn(&Broker), "10"), (Broker::kill, "15")] {
        outage(&broker);
        run.err.line("cannot be reached");
        broker.again();
        topic.send_to(1, &numbers(1, 5));
        run.err.line("answers again");
        while run.out.line("") != total {}
    }
    run.signal(Signal::TERM);
    let said = run.err.all();
    assert_eq!(run.end().status, 0);
    // Once an outage, however long that takes.
    assert_eq!(said.matches("cannot be reached").count(), 2, "{said}");
}
