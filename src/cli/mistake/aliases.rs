//! What other tools call it: flags, values and first words that people try, and what to type instead.
//!
//! It is asked before likeness, which would send `--unique` to `--quiet`. A tip names only flags that
//! there are, and a name that becomes a flag of weir has to leave the table: a test holds both.

/// Names, with blanks between, and the tip for all of them.
type Alias = (&'static str, &'static str);

/// Flags of grep, awk, sed, cut, sort, uniq, wc, head, jq, kcat, Miller and Spark.
const FLAGS: &[Alias] = &[
    (
        "--regex --regexp --pattern --grep --match --include --extended-regexp \
         --perl-regexp --only --keep --contains -E -e -P",
        "--filter REGEX keeps the records in which REGEX matches",
    ),
    (
        "--invert-match --exclude --not --drop --without --filter-out --ignore",
        "--reject REGEX drops the records in which REGEX matches",
    ),
    (
        "--ignore-case --case-insensitive --no-case -I",
        "a REGEX that begins with (?i) ignores case: --filter '(?i)error'",
    ),
    (
        "--fixed-strings --literal",
        r"in a REGEX a backslash makes a sign stand for itself: --filter '10\.0\.0\.7'",
    ),
    (
        "--unique --uniq --dedupe --dedup --deduplicate -u",
        "--distinct gives each different record once, --count-by-key with its count",
    ),
    (
        "--count-by-value --group-by --key-by --by-key \
         --key --histogram --freq --frequency --tally --count-distinct --count-values \
         --word-count -c -k",
        "--count-by-key counts each record, as uniq -c does; --count counts all, as wc -l does",
    ),
    ("--count-words -w", "--words makes a record of each word: --words --count counts them"),
    ("--count-lines --wc --size -l", "--count counts records, as wc -l does"),
    (
        "--field-separator --separator --sep --delim --ifs --fs --split-by --split-on --flat-map -d",
        "--split SEP makes a record of each part: --split ,; --field 3 --delimiter SEP keeps the third",
    ),
    (
        "--fields --column --columns --cut --select --nth -f",
        "--field SEL keeps fields: --field 7 as awk's $7, --field 2-4 --delimiter , as cut -d , -f 2-4",
    ),
    (
        "--limit --head --max-count --take --rows --first --lines -n -m",
        "--top N reports the N largest values, --num N prints at most N rows of a batch",
    ),
    (
        "--out --output-file --outfile --append --write --save-to --tee",
        "-o FILE appends each batch to FILE",
    ),
    (
        "--output-directory --outdir --out-dir --dir --save-as-text-files",
        "--output-dir DIR makes a file of each batch in DIR",
    ),
    (
        "--file --input --input-file --path --infile --from-file",
        "files are named behind the source: weir files PATH ...",
    ),
    ("--tail", "a file that grows: weir files PATH --follow ..."),
    (
        "--port --host --hostname --listen --connect --bind --address --server --tcp \
         --socket -p",
        "the source is the first word: weir listen PORT ..., or weir connect HOST:PORT ...",
    ),
    (
        "--broker --broker-list --bootstrap-server --bootstrap-servers -C",
        "weir kafka --brokers LIST --topic T ...",
    ),
    ("--jsonl --ndjson --ojson", "--format json writes an object for each row"),
    ("--tsv --otsv --tabs", "--format tsv writes columns, a tab between"),
    ("--ocsv", "--format csv writes columns, a comma between, and their names first"),
    ("--text --plain --bare", "--format text writes the rows alone"),
    ("--pprint --print --pretty", "--format pprint, as PySpark prints, is the default"),
    (
        "--batch-interval --batch --every --batch-duration --period --refresh --trigger \
         --seconds --tumbling --batch-time",
        "--interval D ends a batch every D: --interval 5s",
    ),
    (
        "--batch-size --window-count",
        "batches end by time: --interval D; --max-rate N bounds how many records come in a second",
    ),
    (
        "--window-length --window-duration --window-size --last --over",
        "--window D counts over the last D: --window 5m",
    ),
    (
        "--slide-interval --slide-duration --sliding --sliding-interval --step --hop",
        "--slide D reports the --window every D: --window 5m --slide 1m",
    ),
    (
        "--fold --fold-by-key --aggregate-by-key --combine-by-key --inv-func --reduce-by-window",
        "--reduce-by-key FILTER puts the values of a key together by a jq program: '. + $x'",
    ),
    (
        "--map --flat-map-by --expression --expr --script --eval --program --map-values",
        "--jq FILTER runs a jq program on each record: --jq '.user | ascii_downcase'",
    ),
    (
        "--reduce-by-key-and-window --count-by-window --count-by-value-and-window",
        "--window D --slide D with an aggregate: --count-by-key --window 60 --slide 10",
    ),
    (
        "--update-state-by-key --map-with-state --stateful --state --total --running \
         --cumulative --accumulate --since-start --keep-state",
        "--update-state counts since the beginning: --count-by-key --update-state; --update-state-by takes a program",
    ),
    (
        "--ttl --expire --state-timeout --forget",
        "--state-ttl D forgets keys that were not seen for D",
    ),
    (
        "--checkpoint-dir --checkpoint-location --state-dir --resume --save --persist",
        "--checkpoint DIR keeps what there is in DIR, and goes on from there",
    ),
    (
        "--timeout --stop-after --run-for --time --for --stop --await-termination",
        "--duration D stops after D, --batches N after N batches",
    ),
    (
        "--threshold --min-count --at-least --alert --greater-than --gt --above",
        "--having '>= 20' keeps the rows of a report that compare so, --where '>= 20' the records",
    ),
    (
        "--avg --average --statistics --aggregate --agg",
        "--mean, --sum, --min, --max and --stats count,mean, each also -by-key, are what there is",
    ),
    (
        "--tolower --toupper --lowercase --uppercase --substitute --sed --transform",
        "--replace REGEX TEXT, --extract REGEX, --lookup TABLE, --lower and --upper change records",
    ),
    ("--strip", "--trim takes white space off both ends"),
    ("--skip-blank --no-blank --no-empty-lines", "--reject '^$' drops empty records"),
    ("--reverse --asc -r", "the largest come first; --ascending turns that round"),
    ("--desc --descending", "the largest come first anyway; --ascending turns that round"),
    ("--order-by --sort-by --order --sort-key -s", "--sort value, --sort key or --sort none"),
    ("--no-sort --unsorted --unordered", "--sort none keeps the order of first appearance"),
    ("--diff --delta --only-changed --new", "--changed reports what is new or differs"),
    ("--rate --rate-limit --throttle", "--max-rate N reads at most N records a second"),
    ("--silent --no-messages", "--quiet says nothing but errors and losses"),
    ("--debug --trace --log-level --loud", "--verbose says more"),
    ("--dry-run --plan --test --debug-string", "--explain shows what becomes of each record"),
    ("--workers --parallelism --parallel --jobs --cores --master -j", "--threads N"),
    (
        "--command --cmd --run --foreach --foreach-rdd --hook",
        "--exec CMD runs CMD for each batch, which is its stdin",
    ),
    (
        "--null-data --zero-terminated --print0 --read0 -z",
        "-0 reads records that end with NUL, as find -print0 writes them",
    ),
    ("--headers", "--header asks for the names of the columns in tsv; csv has them anyway"),
    ("--timezone --tz --zone", "the zone is in TZ: TZ=Europe/Berlin weir ...; or --utc"),
    (
        "--timestamp --timestamps --unix",
        "--format tsv has the time in each row; --epoch in seconds",
    ),
    (
        "--listen-backlog --reuse-address --keep-open -L",
        "weir listen PORT takes any number of clients, and stays when they leave",
    ),
];

/// Values of flags that have a list of them.
const VALUES: &[(&str, Alias)] = &[
    (
        "--on-bad",
        (
            "ignore drop discard continue pass warn none off count",
            "--on-bad skip counts them and goes on",
        ),
    ),
    ("--on-bad", ("error stop abort exit raise die panic strict", "--on-bad fail ends the run")),
    ("--format", ("table columns", "--format tsv writes columns, a tab between")),
    ("--format", ("jsonl ndjson json-lines", "--format json writes an object a line")),
    ("--format", ("plain raw bare", "--format text writes the rows alone")),
    ("--format", ("print pretty spark", "--format pprint, as PySpark prints, is the default")),
    ("--sort", ("asc ascending up smallest reverse", "--ascending puts the smallest first")),
    (
        "--sort",
        (
            "desc descending down largest count number",
            "--sort value, largest first, is the default",
        ),
    ),
    ("--sort", ("name keys alpha word", "--sort key")),
    ("--sort", ("no off first insertion input", "--sort none keeps the order of first appearance")),
    (
        "--on-full",
        (
            "drop evict lru forget old",
            "--on-full oldest forgets what was seen last the longest ago",
        ),
    ),
    ("--on-full", ("error stop exit abort", "--on-full fail ends the run")),
];

/// First words, which are sources.
const SOURCES: &[Alias] = &[
    ("cat file read open directory dir", "weir files PATH ..., or weir PATH ..."),
    ("tail follow", "a file that grows: weir files PATH --follow ..."),
    (
        "tcp socket server serve bind accept nc netcat ncat",
        "weir listen PORT ..., or weir connect HOST:PORT ...",
    ),
    ("udp datagram datagrams syslog statsd", "weir listen udp:PORT ..."),
    ("unix uds socat", "weir listen unix:PATH ..."),
    ("client socketTextStream", "weir connect HOST:PORT ..."),
    ("kcat kafkacat", "weir kafka -b BROKER -t TOPIC ..., with kcat's -b, -t, -X and -F"),
    ("pipe input in", "weir stdin ..., or no source at all"),
    (
        "grep awk sed cut jq tr",
        "steps do much of that: --filter, --field, --replace, --json; or in a pipe: PROGRAM ... | weir ...",
    ),
];

/// What to type instead of a flag that is none; `typed` begins with a hyphen.
pub fn of_flag(typed: &str) -> Option<&'static str> {
    let name = if typed.starts_with("--") { kebab(typed) } else { typed.to_string() };
    FLAGS.iter().find(|(names, _)| has(names, &name)).map(|(_, tip)| *tip)
}

/// What to type instead of a value that `flag` does not have.
pub fn of_value(flag: &str, typed: &str) -> Option<&'static str> {
    let typed = typed.to_lowercase();
    let mut values = VALUES.iter().filter(|(of, _)| *of == flag);
    values.find(|(_, (names, _))| has(names, &typed)).map(|(_, (_, tip))| *tip)
}

/// What to type instead of a first word that is no source.
pub fn of_source(typed: &str) -> Option<&'static str> {
    SOURCES.iter().find(|(names, _)| has(names, typed)).map(|(_, tip)| *tip)
}

fn has(names: &str, name: &str) -> bool {
    names.split(' ').any(|other| other == name)
}

/// `--countByValue` and `--count_by_value` as `--count-by-value`.
pub fn kebab(typed: &str) -> String {
    let mut name = String::new();
    for c in typed.chars() {
        if c.is_ascii_uppercase() && !name.ends_with('-') {
            name.push('-');
        }
        name.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Everything that can be typed: of which command, its flags, and what each takes.
    fn defined() -> (BTreeSet<String>, BTreeSet<String>) {
        let (command, mut flags) = (crate::cli::command(), BTreeSet::new());
        for source in command.get_subcommands() {
            for arg in source.get_arguments() {
                flags.extend(arg.get_long().map(|long| format!("--{long}")));
                flags.extend(arg.get_short().map(|short| format!("-{short}")));
            }
        }
        let words = command.get_subcommands().map(|source| source.get_name().to_string());
        (flags, words.collect())
    }

    /// Tips, with whether they are for flags, sources or values.
    fn tips() -> impl Iterator<Item = &'static str> {
        let flags = FLAGS.iter().chain(SOURCES).map(|(_, tip)| *tip);
        flags.chain(VALUES.iter().map(|(_, (_, tip))| *tip))
    }

    #[test]
    fn no_name_in_the_table_is_a_flag_or_source_of_weir() {
        let (flags, sources) = defined();
        let mut seen = BTreeSet::new();
        for name in FLAGS.iter().flat_map(|(names, _)| names.split(' ')) {
            assert!(!flags.contains(name), "{name} is a flag now: take it out of the table");
            assert!(seen.insert(name), "{name} stands twice");
        }
        for name in SOURCES.iter().flat_map(|(names, _)| names.split(' ')) {
            assert!(!sources.contains(name), "{name} is a source now: take it out of the table");
        }
    }

    #[test]
    fn a_tip_names_only_flags_that_there_are() {
        let (mut flags, _) = defined();
        flags.extend(["--help", "--version"].map(String::from));
        for tip in tips() {
            let words = tip.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            for word in words.filter(|word| word.starts_with("--")) {
                assert!(flags.contains(word), "{word} is no flag: {tip}");
            }
        }
    }

    #[test]
    fn a_value_in_the_table_is_none_of_its_flag() {
        let command = crate::cli::command();
        let source = command.find_subcommand("stdin").unwrap();
        for (flag, (names, tip)) in VALUES {
            let mut args = source.get_arguments();
            let arg = args.find(|arg| arg.get_long() == flag.strip_prefix("--")).unwrap();
            let values = arg.get_possible_values();
            let names_of = arg.get_value_names().unwrap()[0].split('|').map(String::from);
            let values = values.iter().map(|value| value.get_name().to_string()).chain(names_of);
            let values: Vec<String> = values.collect();
            let is = |name: &str| values.iter().any(|value| value == name);
            names.split(' ').for_each(|name| assert!(!is(name), "{flag} {name} is a value now"));
            if let Some(told) = tip.strip_prefix(&format!("{flag} ")) {
                let told = told.split([' ', ',']).next().unwrap_or_default();
                assert!(is(told), "{flag} {told} is no value: {tip}");
            }
        }
    }

    #[test]
    fn names_are_found_however_they_are_joined() {
        for name in ["--countByValue", "--count_by_value", "--count-by-value", "--CountByValue"] {
            assert!(of_flag(name).unwrap().contains("--count-by-key"), "{name}");
        }
        assert_eq!((of_flag("-E"), of_flag("--regex")), (of_flag("--pattern"), of_flag("-e")));
        assert_eq!((of_flag("--nothing-like-it"), of_flag("-Q")), (None, None));
        assert_eq!(of_value("--format", "COLUMNS"), of_value("--format", "table"));
    }
}
