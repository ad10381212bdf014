//! `--access-log SEL`: parts of the lines that web servers write.

use super::build;
use crate::part::Flag;
use crate::selector::access_log::{self, AccessLog};
use crate::step::{Spec, own};

/// `--access-log`.
pub const ACCESS_LOG: Spec = Spec {
    flag: Flag {
        name: "access-log",
        takes: &["SEL"],
        help: "Keep parts of each line of an access log: host, status, minute, ..., or several with commas\n\n\
            There are host ident user time minute hour method path protocol status class request bytes \
            referer agent, of lines in the common or combined format, as nginx and Apache write them; \
            more may stand behind it. class is 5xx; minute is 2018-12-11T01:31 and hour 2018-12-11T01, in \
            the time zone of the log; path has the query; bytes of - are 0, every other - stays. Text is \
            as it stands, escapes too. Several parts are joined by --output-delimiter. A line without the \
            part is bad, or see --else.",
    },
    own: &[own::VALUE, own::ELSE, own::OUTPUT_DELIMITER],
    build: |words, rows| build(words, rows, access_log::parse, AccessLog::new),
};
