# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_weir_global_optspecs
    string join \n h/help V/version
end

function __fish_weir_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    # A first flag means stdin, and a first file means files.
    set -l first $cmd (commandline -ct)
    if string match -q -- '-*' "$first[1]"
        echo stdin
        return 1
    end
    if set -q cmd[1]; and test -e "$cmd[1]"; and not contains -- "$cmd[1]" stdin connect listen files kafka flume-push flume-pull man completions checkpoint
        echo files
        return 1
    end
    argparse -s (__fish_weir_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_weir_using_subcommand
    set -l cmd (__fish_weir_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c weir -n "__fish_weir_needs_command" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_needs_command" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_needs_command" -f -a "stdin" -d 'Read lines from standard input'
complete -c weir -n "__fish_weir_needs_command" -f -a "connect" -d 'Read lines from servers, and stay connected'
complete -c weir -n "__fish_weir_needs_command" -f -a "listen" -d 'Read lines of any number of clients, and datagrams'
complete -c weir -n "__fish_weir_needs_command" -f -a "files" -d 'Read files, or those that appear in directories'
complete -c weir -n "__fish_weir_needs_command" -f -a "kafka" -d 'Read the messages of Kafka topics'
complete -c weir -n "__fish_weir_needs_command" -f -a "flume-push" -d 'Take events that Flume\'s avro sinks send'
complete -c weir -n "__fish_weir_needs_command" -f -a "flume-pull" -d 'Take events from Spark\'s sinks in Flume agents'
complete -c weir -n "__fish_weir_needs_command" -f -a "man" -d 'Print the manual page (weir man | man -l -)'
complete -c weir -n "__fish_weir_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c weir -n "__fish_weir_needs_command" -f -a "checkpoint" -d 'Show what a checkpoint holds, or reset it'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l split -d 'Split each record at SEP, as Python\'s s.split(SEP) does' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l filter -d 'Keep the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l reject -d 'Drop the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l in -d 'Keep the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l not-in -d 'Drop the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l where -d 'Keep the records that compare so as numbers: \'>= 500\', \'< 0.1\', \'!= 0\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l extract -d 'Take what the first group of REGEX matches, or all that it matches if it has no groups' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l else -d 'Take TEXT where the step before finds nothing' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l replace -d 'Replace every match of REGEX by TEXT' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l lookup -d 'Take what a table has for each record: KEY=VALUE,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l pair -d 'Make a pair of each record: key and value, before and after the first SEP' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l field -d 'Keep fields of each record: 3, NF (the last), NF-1, 2-4, 3-, 0 (all), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l value -d 'Make pairs: the value is what SEL selects of the same record, the key what the step before does' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l delimiter -d 'What separates the parts of a record, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l output-delimiter -d 'What joins several parts, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l csv -d 'Keep columns of each record, which is CSV: 3, 2-4, 3-, status, "odd, name", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l csv-header -d 'The names of the columns, for the --csv before; then the first line is a record like any other' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l json -d 'Keep values of each record, which is JSON: .user.name, .a[0], .["odd key"], . (all), .tags[] (a record each), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l logfmt -d 'Keep the value of a key of each record, as in level=info msg="all is well", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l access-log -d 'Keep parts of each line of an access log: host, status, minute, ..., or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l jq -d 'Run a jq program on each record, which is JSON; each output is a record' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l on -d 'Turn the steps behind it to a half of the pairs' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l sample -d 'Keep the share P of the records: 0.1 is a tenth' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l pipe -d 'Pipe each batch through a shell command: records go in as lines, and its lines come out' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l stats -d 'Find several statistics of each batch: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l stats-by-key -d 'Find several statistics of the values of each key: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l reduce -d 'Put all records of a batch together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l inverse-by -d 'Take what leaves the window out by a jq program: . is what there is, $x what leaves' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l reduce-by-key -d 'Put the values of each key together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l update-state-by -d 'Keep a state of each key by a jq program of {"key", "values", "state"}' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l window -d 'Aggregate over the last D, not over each batch alone' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l slide -d 'Report the window every D [default: the interval]' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l state-ttl -d 'Forget a key that was not seen for D; time in which nobody ran counts' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l max-keys -d 'Hold at most N keys; --on-full says what becomes of more' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l on-full -d 'What to do when there are more than --max-keys [default: fail]' -r -f -a "fail\t'End the run with status 1'
oldest\t'Forget the keys that were seen last the longest ago; of one batch, the smallest bytes first'"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l per -d 'Divide counts and sums by the time that a report covers, in units of D' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l having -d 'Report only rows that compare so: \'>= 20\', \'p99 > 0.5\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l by -d 'The column that --having, --top and --sort value look at [default: the first statistic]' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l top -d 'Report only the N largest values' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l sort -d 'What orders the rows [default: value]' -r -f -a "value\t'By the value, largest first; equal ones by key'
key\t'By the bytes of the key'
none\t'As the keys first appeared'"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l format -d 'How batches are written [default: what FILE of --output ends with, else pprint]' -r -f -a "pprint\t'each batch as PySpark\'s pprint() prints it'
scala\t'each batch as print() of Spark\'s Scala API prints it'
tsv\t'tab-separated values with the Time, every row'
csv\t'comma-separated values with the Time and a header, every row'
json\t'one JSON object a row, with the Time, every row'
text\t'the record alone, or key TAB value, every row'
uniq\t'count and key as uniq -c writes them, every row'"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l num -d 'Print at most N records a batch, or `all` (pprint, scala) [default: 10, or N of --top]' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -s o -l output -d 'Append each batch to FILE, `-` for stdout; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand stdin" -l output-dir -d 'Write each batch to a file of its own in DIR' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l to-kafka -d 'Send each row to TOPIC of Kafka, as a message' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l to-brokers -d 'The brokers of --to-kafka, HOST:PORT with commas between [default: those of weir kafka]' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l exec -d 'Run CMD for each batch, with the batch on its stdin' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l on-exec-fail -d 'What becomes of the run when CMD of --exec fails [default: fail]' -r -f -a "fail\t'The run fails'
retry\t'It is tried again, after a second, then after longer and longer, up to a minute'
warn\t'It is said on stderr'"
complete -c weir -n "__fish_weir_using_subcommand stdin" -s X -l property -d 'Set a property of librdkafka, Kafka\'s client; may be repeated' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -s F -l property-file -d 'Read such properties from FILE, a line each: key=value; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand stdin" -l connect-timeout -d 'How long brokers may take to answer at the start [default: 30s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -s i -l interval -d 'The batch interval: batches end at multiples of D since the epoch [default: 1s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l batches -d 'Stop after N batches' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l duration -d 'Stop after D; the open batch is printed' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l threads -d 'Fold with N threads [default: the cores it may use]' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l max-rate -d 'Read at most N records a second; N may be 5k or 2M, as all counts may' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l max-record -d 'The longest record; a longer one is bad' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l on-bad -d 'What becomes of bad records: skip, fail, or a file' -r -F
complete -c weir -n "__fish_weir_using_subcommand stdin" -l checkpoint -d 'Keep state, windows and positions in DIR, and go on from there at the next start' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l shutdown-timeout -d 'End at the latest D after a signal, with status 1, whatever the outputs do' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l config -d 'Take flags from FILE, one argument a line; $WEIR_CONFIG names one as well' -r -F
complete -c weir -n "__fish_weir_using_subcommand stdin" -l progress -d 'Show on stderr how far the run is: auto|always|never' -r -f -a "auto\t'On a terminal, where nothing is printed meanwhile'
always\t'Wherever stderr leads'
never\t'Not at all'"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l ui -d 'Show the stream on a page as it runs, with /metrics for Prometheus' -r -f
complete -c weir -n "__fish_weir_using_subcommand stdin" -l words -d 'Split each record at white space, as Python\'s s.split() does'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l trim -d 'Take white space off both ends of each record, as Python\'s s.strip() does'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l lower -d 'Make all letters of each record small, as Python\'s s.lower() does'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l upper -d 'Make all letters of each record capitals, as Python\'s s.upper() does'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l raw -d 'Give the program of the --jq before each record as a string, not as JSON'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l keys -d 'Keep the key of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l values -d 'Keep the value of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l count -d 'Count the records of each batch; an empty batch has 0'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l count-by-key -d 'Count the records of each key; a plain record is its own key'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l sum -d 'Add up the numbers of each batch; of none the sum is 0'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l sum-by-key -d 'Add up the values of each key'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l min -d 'Find the smallest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l min-by-key -d 'Find the smallest value of each key'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l max -d 'Find the largest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l max-by-key -d 'Find the largest value of each key'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l mean -d 'Find the mean of the numbers of each batch, always a double'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l mean-by-key -d 'Find the mean of the values of each key, always a double'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l distinct -d 'Print each distinct record of a batch once'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l distinct-by-key -d 'List the distinct values of each key, sorted by their bytes'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l group -d 'List all records of each batch, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l group-by-key -d 'List the values of each key, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l touched -d 'Run the program of --update-state-by only for keys with values in the batch'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l inverse -d 'Insist that what leaves the window is subtracted'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l keep-zeros -d 'Keep keys that have left the window, as 0; with --inverse'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l skip-partial -d 'Do not print windows that reach back before the start, or that a stop cuts short'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l update-state -d 'Aggregate since the beginning, and report every key each batch'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l share -d 'Report counts and sums as shares of the total of all rows'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l ascending -d 'Smallest first: for --top, and for --sort value'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l changed -d 'Report only rows that are new, or differ from the last report'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l utc -d 'Write times in UTC, not in the local zone'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l epoch -d 'Write times as seconds since the epoch (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l no-time -d 'Leave the time out (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l header -d 'Begin with a line that names the columns (tsv; csv does so anyway)'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l no-header -d 'Begin without such a line (csv)'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l skip-empty -d 'Do not print, write or pass on a batch without rows'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l live -d 'Show the report on the terminal, with bars, and draw it anew with each batch'
complete -c weir -n "__fish_weir_using_subcommand stdin" -s 1 -l once -d 'Take everything that is available now as one batch, then exit'
complete -c weir -n "__fish_weir_using_subcommand stdin" -s 0 -l null -d 'Records end with NUL, not with a newline'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l wal -d 'Keep a write-ahead log of the input in DIR; with --checkpoint this is the default'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l no-wal -d 'Keep no such log: a crash loses the open batch'
complete -c weir -n "__fish_weir_using_subcommand stdin" -l explain -d 'Print the pipeline instead of running it, and what becomes of the first records'
complete -c weir -n "__fish_weir_using_subcommand stdin" -s v -l verbose -d 'Say more on stderr: who connects, and a summary at the end'
complete -c weir -n "__fish_weir_using_subcommand stdin" -s q -l quiet -d 'Say nothing on stderr but errors and losses'
complete -c weir -n "__fish_weir_using_subcommand stdin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand stdin" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand connect" -l split -d 'Split each record at SEP, as Python\'s s.split(SEP) does' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l filter -d 'Keep the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l reject -d 'Drop the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l in -d 'Keep the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l not-in -d 'Drop the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l where -d 'Keep the records that compare so as numbers: \'>= 500\', \'< 0.1\', \'!= 0\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l extract -d 'Take what the first group of REGEX matches, or all that it matches if it has no groups' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l else -d 'Take TEXT where the step before finds nothing' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l replace -d 'Replace every match of REGEX by TEXT' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l lookup -d 'Take what a table has for each record: KEY=VALUE,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l pair -d 'Make a pair of each record: key and value, before and after the first SEP' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l field -d 'Keep fields of each record: 3, NF (the last), NF-1, 2-4, 3-, 0 (all), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l value -d 'Make pairs: the value is what SEL selects of the same record, the key what the step before does' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l delimiter -d 'What separates the parts of a record, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l output-delimiter -d 'What joins several parts, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l csv -d 'Keep columns of each record, which is CSV: 3, 2-4, 3-, status, "odd, name", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l csv-header -d 'The names of the columns, for the --csv before; then the first line is a record like any other' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l json -d 'Keep values of each record, which is JSON: .user.name, .a[0], .["odd key"], . (all), .tags[] (a record each), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l logfmt -d 'Keep the value of a key of each record, as in level=info msg="all is well", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l access-log -d 'Keep parts of each line of an access log: host, status, minute, ..., or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l jq -d 'Run a jq program on each record, which is JSON; each output is a record' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l on -d 'Turn the steps behind it to a half of the pairs' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l sample -d 'Keep the share P of the records: 0.1 is a tenth' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l pipe -d 'Pipe each batch through a shell command: records go in as lines, and its lines come out' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand connect" -l stats -d 'Find several statistics of each batch: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l stats-by-key -d 'Find several statistics of the values of each key: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l reduce -d 'Put all records of a batch together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l inverse-by -d 'Take what leaves the window out by a jq program: . is what there is, $x what leaves' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l reduce-by-key -d 'Put the values of each key together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l update-state-by -d 'Keep a state of each key by a jq program of {"key", "values", "state"}' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l window -d 'Aggregate over the last D, not over each batch alone' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l slide -d 'Report the window every D [default: the interval]' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l state-ttl -d 'Forget a key that was not seen for D; time in which nobody ran counts' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l max-keys -d 'Hold at most N keys; --on-full says what becomes of more' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l on-full -d 'What to do when there are more than --max-keys [default: fail]' -r -f -a "fail\t'End the run with status 1'
oldest\t'Forget the keys that were seen last the longest ago; of one batch, the smallest bytes first'"
complete -c weir -n "__fish_weir_using_subcommand connect" -l per -d 'Divide counts and sums by the time that a report covers, in units of D' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l having -d 'Report only rows that compare so: \'>= 20\', \'p99 > 0.5\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l by -d 'The column that --having, --top and --sort value look at [default: the first statistic]' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l top -d 'Report only the N largest values' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l sort -d 'What orders the rows [default: value]' -r -f -a "value\t'By the value, largest first; equal ones by key'
key\t'By the bytes of the key'
none\t'As the keys first appeared'"
complete -c weir -n "__fish_weir_using_subcommand connect" -l format -d 'How batches are written [default: what FILE of --output ends with, else pprint]' -r -f -a "pprint\t'each batch as PySpark\'s pprint() prints it'
scala\t'each batch as print() of Spark\'s Scala API prints it'
tsv\t'tab-separated values with the Time, every row'
csv\t'comma-separated values with the Time and a header, every row'
json\t'one JSON object a row, with the Time, every row'
text\t'the record alone, or key TAB value, every row'
uniq\t'count and key as uniq -c writes them, every row'"
complete -c weir -n "__fish_weir_using_subcommand connect" -l num -d 'Print at most N records a batch, or `all` (pprint, scala) [default: 10, or N of --top]' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -s o -l output -d 'Append each batch to FILE, `-` for stdout; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand connect" -l output-dir -d 'Write each batch to a file of its own in DIR' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand connect" -l to-kafka -d 'Send each row to TOPIC of Kafka, as a message' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l to-brokers -d 'The brokers of --to-kafka, HOST:PORT with commas between [default: those of weir kafka]' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l exec -d 'Run CMD for each batch, with the batch on its stdin' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand connect" -l on-exec-fail -d 'What becomes of the run when CMD of --exec fails [default: fail]' -r -f -a "fail\t'The run fails'
retry\t'It is tried again, after a second, then after longer and longer, up to a minute'
warn\t'It is said on stderr'"
complete -c weir -n "__fish_weir_using_subcommand connect" -s X -l property -d 'Set a property of librdkafka, Kafka\'s client; may be repeated' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -s F -l property-file -d 'Read such properties from FILE, a line each: key=value; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand connect" -l connect-timeout -d 'How long brokers may take to answer at the start [default: 30s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -s i -l interval -d 'The batch interval: batches end at multiples of D since the epoch [default: 1s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l batches -d 'Stop after N batches' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l duration -d 'Stop after D; the open batch is printed' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l threads -d 'Fold with N threads [default: the cores it may use]' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l max-rate -d 'Read at most N records a second; N may be 5k or 2M, as all counts may' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l max-record -d 'The longest record; a longer one is bad' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l on-bad -d 'What becomes of bad records: skip, fail, or a file' -r -F
complete -c weir -n "__fish_weir_using_subcommand connect" -l checkpoint -d 'Keep state, windows and positions in DIR, and go on from there at the next start' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand connect" -l shutdown-timeout -d 'End at the latest D after a signal, with status 1, whatever the outputs do' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l config -d 'Take flags from FILE, one argument a line; $WEIR_CONFIG names one as well' -r -F
complete -c weir -n "__fish_weir_using_subcommand connect" -l progress -d 'Show on stderr how far the run is: auto|always|never' -r -f -a "auto\t'On a terminal, where nothing is printed meanwhile'
always\t'Wherever stderr leads'
never\t'Not at all'"
complete -c weir -n "__fish_weir_using_subcommand connect" -l ui -d 'Show the stream on a page as it runs, with /metrics for Prometheus' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l reconnect-delay -d 'How long to wait before a server that is lost or refuses is tried again' -r -f
complete -c weir -n "__fish_weir_using_subcommand connect" -l tls-ca -d 'With --tls: the file of the authorities to trust instead of those of this machine, as PEM' -r -F
complete -c weir -n "__fish_weir_using_subcommand connect" -l words -d 'Split each record at white space, as Python\'s s.split() does'
complete -c weir -n "__fish_weir_using_subcommand connect" -l trim -d 'Take white space off both ends of each record, as Python\'s s.strip() does'
complete -c weir -n "__fish_weir_using_subcommand connect" -l lower -d 'Make all letters of each record small, as Python\'s s.lower() does'
complete -c weir -n "__fish_weir_using_subcommand connect" -l upper -d 'Make all letters of each record capitals, as Python\'s s.upper() does'
complete -c weir -n "__fish_weir_using_subcommand connect" -l raw -d 'Give the program of the --jq before each record as a string, not as JSON'
complete -c weir -n "__fish_weir_using_subcommand connect" -l keys -d 'Keep the key of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand connect" -l values -d 'Keep the value of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand connect" -l count -d 'Count the records of each batch; an empty batch has 0'
complete -c weir -n "__fish_weir_using_subcommand connect" -l count-by-key -d 'Count the records of each key; a plain record is its own key'
complete -c weir -n "__fish_weir_using_subcommand connect" -l sum -d 'Add up the numbers of each batch; of none the sum is 0'
complete -c weir -n "__fish_weir_using_subcommand connect" -l sum-by-key -d 'Add up the values of each key'
complete -c weir -n "__fish_weir_using_subcommand connect" -l min -d 'Find the smallest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand connect" -l min-by-key -d 'Find the smallest value of each key'
complete -c weir -n "__fish_weir_using_subcommand connect" -l max -d 'Find the largest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand connect" -l max-by-key -d 'Find the largest value of each key'
complete -c weir -n "__fish_weir_using_subcommand connect" -l mean -d 'Find the mean of the numbers of each batch, always a double'
complete -c weir -n "__fish_weir_using_subcommand connect" -l mean-by-key -d 'Find the mean of the values of each key, always a double'
complete -c weir -n "__fish_weir_using_subcommand connect" -l distinct -d 'Print each distinct record of a batch once'
complete -c weir -n "__fish_weir_using_subcommand connect" -l distinct-by-key -d 'List the distinct values of each key, sorted by their bytes'
complete -c weir -n "__fish_weir_using_subcommand connect" -l group -d 'List all records of each batch, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand connect" -l group-by-key -d 'List the values of each key, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand connect" -l touched -d 'Run the program of --update-state-by only for keys with values in the batch'
complete -c weir -n "__fish_weir_using_subcommand connect" -l inverse -d 'Insist that what leaves the window is subtracted'
complete -c weir -n "__fish_weir_using_subcommand connect" -l keep-zeros -d 'Keep keys that have left the window, as 0; with --inverse'
complete -c weir -n "__fish_weir_using_subcommand connect" -l skip-partial -d 'Do not print windows that reach back before the start, or that a stop cuts short'
complete -c weir -n "__fish_weir_using_subcommand connect" -l update-state -d 'Aggregate since the beginning, and report every key each batch'
complete -c weir -n "__fish_weir_using_subcommand connect" -l share -d 'Report counts and sums as shares of the total of all rows'
complete -c weir -n "__fish_weir_using_subcommand connect" -l ascending -d 'Smallest first: for --top, and for --sort value'
complete -c weir -n "__fish_weir_using_subcommand connect" -l changed -d 'Report only rows that are new, or differ from the last report'
complete -c weir -n "__fish_weir_using_subcommand connect" -l utc -d 'Write times in UTC, not in the local zone'
complete -c weir -n "__fish_weir_using_subcommand connect" -l epoch -d 'Write times as seconds since the epoch (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand connect" -l no-time -d 'Leave the time out (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand connect" -l header -d 'Begin with a line that names the columns (tsv; csv does so anyway)'
complete -c weir -n "__fish_weir_using_subcommand connect" -l no-header -d 'Begin without such a line (csv)'
complete -c weir -n "__fish_weir_using_subcommand connect" -l skip-empty -d 'Do not print, write or pass on a batch without rows'
complete -c weir -n "__fish_weir_using_subcommand connect" -l live -d 'Show the report on the terminal, with bars, and draw it anew with each batch'
complete -c weir -n "__fish_weir_using_subcommand connect" -s 1 -l once -d 'Take everything that is available now as one batch, then exit'
complete -c weir -n "__fish_weir_using_subcommand connect" -s 0 -l null -d 'Records end with NUL, not with a newline'
complete -c weir -n "__fish_weir_using_subcommand connect" -l wal -d 'Keep a write-ahead log of the input in DIR; with --checkpoint this is the default'
complete -c weir -n "__fish_weir_using_subcommand connect" -l no-wal -d 'Keep no such log: a crash loses the open batch'
complete -c weir -n "__fish_weir_using_subcommand connect" -l explain -d 'Print the pipeline instead of running it, and what becomes of the first records'
complete -c weir -n "__fish_weir_using_subcommand connect" -s v -l verbose -d 'Say more on stderr: who connects, and a summary at the end'
complete -c weir -n "__fish_weir_using_subcommand connect" -s q -l quiet -d 'Say nothing on stderr but errors and losses'
complete -c weir -n "__fish_weir_using_subcommand connect" -l tls -d 'Speak TLS, and read only from servers whose certificate is good'
complete -c weir -n "__fish_weir_using_subcommand connect" -l with-peer -d 'Make a pair of each line: the server it came from, and the line'
complete -c weir -n "__fish_weir_using_subcommand connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand connect" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand listen" -l split -d 'Split each record at SEP, as Python\'s s.split(SEP) does' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l filter -d 'Keep the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l reject -d 'Drop the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l in -d 'Keep the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l not-in -d 'Drop the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l where -d 'Keep the records that compare so as numbers: \'>= 500\', \'< 0.1\', \'!= 0\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l extract -d 'Take what the first group of REGEX matches, or all that it matches if it has no groups' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l else -d 'Take TEXT where the step before finds nothing' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l replace -d 'Replace every match of REGEX by TEXT' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l lookup -d 'Take what a table has for each record: KEY=VALUE,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l pair -d 'Make a pair of each record: key and value, before and after the first SEP' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l field -d 'Keep fields of each record: 3, NF (the last), NF-1, 2-4, 3-, 0 (all), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l value -d 'Make pairs: the value is what SEL selects of the same record, the key what the step before does' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l delimiter -d 'What separates the parts of a record, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l output-delimiter -d 'What joins several parts, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l csv -d 'Keep columns of each record, which is CSV: 3, 2-4, 3-, status, "odd, name", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l csv-header -d 'The names of the columns, for the --csv before; then the first line is a record like any other' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l json -d 'Keep values of each record, which is JSON: .user.name, .a[0], .["odd key"], . (all), .tags[] (a record each), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l logfmt -d 'Keep the value of a key of each record, as in level=info msg="all is well", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l access-log -d 'Keep parts of each line of an access log: host, status, minute, ..., or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l jq -d 'Run a jq program on each record, which is JSON; each output is a record' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l on -d 'Turn the steps behind it to a half of the pairs' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l sample -d 'Keep the share P of the records: 0.1 is a tenth' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l pipe -d 'Pipe each batch through a shell command: records go in as lines, and its lines come out' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand listen" -l stats -d 'Find several statistics of each batch: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l stats-by-key -d 'Find several statistics of the values of each key: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l reduce -d 'Put all records of a batch together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l inverse-by -d 'Take what leaves the window out by a jq program: . is what there is, $x what leaves' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l reduce-by-key -d 'Put the values of each key together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l update-state-by -d 'Keep a state of each key by a jq program of {"key", "values", "state"}' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l window -d 'Aggregate over the last D, not over each batch alone' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l slide -d 'Report the window every D [default: the interval]' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l state-ttl -d 'Forget a key that was not seen for D; time in which nobody ran counts' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l max-keys -d 'Hold at most N keys; --on-full says what becomes of more' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l on-full -d 'What to do when there are more than --max-keys [default: fail]' -r -f -a "fail\t'End the run with status 1'
oldest\t'Forget the keys that were seen last the longest ago; of one batch, the smallest bytes first'"
complete -c weir -n "__fish_weir_using_subcommand listen" -l per -d 'Divide counts and sums by the time that a report covers, in units of D' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l having -d 'Report only rows that compare so: \'>= 20\', \'p99 > 0.5\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l by -d 'The column that --having, --top and --sort value look at [default: the first statistic]' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l top -d 'Report only the N largest values' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l sort -d 'What orders the rows [default: value]' -r -f -a "value\t'By the value, largest first; equal ones by key'
key\t'By the bytes of the key'
none\t'As the keys first appeared'"
complete -c weir -n "__fish_weir_using_subcommand listen" -l format -d 'How batches are written [default: what FILE of --output ends with, else pprint]' -r -f -a "pprint\t'each batch as PySpark\'s pprint() prints it'
scala\t'each batch as print() of Spark\'s Scala API prints it'
tsv\t'tab-separated values with the Time, every row'
csv\t'comma-separated values with the Time and a header, every row'
json\t'one JSON object a row, with the Time, every row'
text\t'the record alone, or key TAB value, every row'
uniq\t'count and key as uniq -c writes them, every row'"
complete -c weir -n "__fish_weir_using_subcommand listen" -l num -d 'Print at most N records a batch, or `all` (pprint, scala) [default: 10, or N of --top]' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -s o -l output -d 'Append each batch to FILE, `-` for stdout; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand listen" -l output-dir -d 'Write each batch to a file of its own in DIR' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand listen" -l to-kafka -d 'Send each row to TOPIC of Kafka, as a message' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l to-brokers -d 'The brokers of --to-kafka, HOST:PORT with commas between [default: those of weir kafka]' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l exec -d 'Run CMD for each batch, with the batch on its stdin' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand listen" -l on-exec-fail -d 'What becomes of the run when CMD of --exec fails [default: fail]' -r -f -a "fail\t'The run fails'
retry\t'It is tried again, after a second, then after longer and longer, up to a minute'
warn\t'It is said on stderr'"
complete -c weir -n "__fish_weir_using_subcommand listen" -s X -l property -d 'Set a property of librdkafka, Kafka\'s client; may be repeated' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -s F -l property-file -d 'Read such properties from FILE, a line each: key=value; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand listen" -l connect-timeout -d 'How long brokers may take to answer at the start [default: 30s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -s i -l interval -d 'The batch interval: batches end at multiples of D since the epoch [default: 1s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l batches -d 'Stop after N batches' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l duration -d 'Stop after D; the open batch is printed' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l threads -d 'Fold with N threads [default: the cores it may use]' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l max-rate -d 'Read at most N records a second; N may be 5k or 2M, as all counts may' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l max-record -d 'The longest record; a longer one is bad' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l on-bad -d 'What becomes of bad records: skip, fail, or a file' -r -F
complete -c weir -n "__fish_weir_using_subcommand listen" -l checkpoint -d 'Keep state, windows and positions in DIR, and go on from there at the next start' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand listen" -l shutdown-timeout -d 'End at the latest D after a signal, with status 1, whatever the outputs do' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l config -d 'Take flags from FILE, one argument a line; $WEIR_CONFIG names one as well' -r -F
complete -c weir -n "__fish_weir_using_subcommand listen" -l progress -d 'Show on stderr how far the run is: auto|always|never' -r -f -a "auto\t'On a terminal, where nothing is printed meanwhile'
always\t'Wherever stderr leads'
never\t'Not at all'"
complete -c weir -n "__fish_weir_using_subcommand listen" -l ui -d 'Show the stream on a page as it runs, with /metrics for Prometheus' -r -f
complete -c weir -n "__fish_weir_using_subcommand listen" -l tls-cert -d 'Speak TLS: the file of the certificate, as PEM' -r -F
complete -c weir -n "__fish_weir_using_subcommand listen" -l tls-key -d 'The file of the private key of --tls-cert, as PEM' -r -F
complete -c weir -n "__fish_weir_using_subcommand listen" -l tls-max -d 'The newest version of TLS that is spoken: 1.3, or 1.2 for sinks of Flume up to 1.9, which break under 1.3' -r -f -a "1.2\t'TLS 1.2 alone'
1.3\t'TLS 1.2 and 1.3'"
complete -c weir -n "__fish_weir_using_subcommand listen" -l words -d 'Split each record at white space, as Python\'s s.split() does'
complete -c weir -n "__fish_weir_using_subcommand listen" -l trim -d 'Take white space off both ends of each record, as Python\'s s.strip() does'
complete -c weir -n "__fish_weir_using_subcommand listen" -l lower -d 'Make all letters of each record small, as Python\'s s.lower() does'
complete -c weir -n "__fish_weir_using_subcommand listen" -l upper -d 'Make all letters of each record capitals, as Python\'s s.upper() does'
complete -c weir -n "__fish_weir_using_subcommand listen" -l raw -d 'Give the program of the --jq before each record as a string, not as JSON'
complete -c weir -n "__fish_weir_using_subcommand listen" -l keys -d 'Keep the key of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand listen" -l values -d 'Keep the value of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand listen" -l count -d 'Count the records of each batch; an empty batch has 0'
complete -c weir -n "__fish_weir_using_subcommand listen" -l count-by-key -d 'Count the records of each key; a plain record is its own key'
complete -c weir -n "__fish_weir_using_subcommand listen" -l sum -d 'Add up the numbers of each batch; of none the sum is 0'
complete -c weir -n "__fish_weir_using_subcommand listen" -l sum-by-key -d 'Add up the values of each key'
complete -c weir -n "__fish_weir_using_subcommand listen" -l min -d 'Find the smallest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand listen" -l min-by-key -d 'Find the smallest value of each key'
complete -c weir -n "__fish_weir_using_subcommand listen" -l max -d 'Find the largest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand listen" -l max-by-key -d 'Find the largest value of each key'
complete -c weir -n "__fish_weir_using_subcommand listen" -l mean -d 'Find the mean of the numbers of each batch, always a double'
complete -c weir -n "__fish_weir_using_subcommand listen" -l mean-by-key -d 'Find the mean of the values of each key, always a double'
complete -c weir -n "__fish_weir_using_subcommand listen" -l distinct -d 'Print each distinct record of a batch once'
complete -c weir -n "__fish_weir_using_subcommand listen" -l distinct-by-key -d 'List the distinct values of each key, sorted by their bytes'
complete -c weir -n "__fish_weir_using_subcommand listen" -l group -d 'List all records of each batch, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand listen" -l group-by-key -d 'List the values of each key, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand listen" -l touched -d 'Run the program of --update-state-by only for keys with values in the batch'
complete -c weir -n "__fish_weir_using_subcommand listen" -l inverse -d 'Insist that what leaves the window is subtracted'
complete -c weir -n "__fish_weir_using_subcommand listen" -l keep-zeros -d 'Keep keys that have left the window, as 0; with --inverse'
complete -c weir -n "__fish_weir_using_subcommand listen" -l skip-partial -d 'Do not print windows that reach back before the start, or that a stop cuts short'
complete -c weir -n "__fish_weir_using_subcommand listen" -l update-state -d 'Aggregate since the beginning, and report every key each batch'
complete -c weir -n "__fish_weir_using_subcommand listen" -l share -d 'Report counts and sums as shares of the total of all rows'
complete -c weir -n "__fish_weir_using_subcommand listen" -l ascending -d 'Smallest first: for --top, and for --sort value'
complete -c weir -n "__fish_weir_using_subcommand listen" -l changed -d 'Report only rows that are new, or differ from the last report'
complete -c weir -n "__fish_weir_using_subcommand listen" -l utc -d 'Write times in UTC, not in the local zone'
complete -c weir -n "__fish_weir_using_subcommand listen" -l epoch -d 'Write times as seconds since the epoch (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand listen" -l no-time -d 'Leave the time out (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand listen" -l header -d 'Begin with a line that names the columns (tsv; csv does so anyway)'
complete -c weir -n "__fish_weir_using_subcommand listen" -l no-header -d 'Begin without such a line (csv)'
complete -c weir -n "__fish_weir_using_subcommand listen" -l skip-empty -d 'Do not print, write or pass on a batch without rows'
complete -c weir -n "__fish_weir_using_subcommand listen" -l live -d 'Show the report on the terminal, with bars, and draw it anew with each batch'
complete -c weir -n "__fish_weir_using_subcommand listen" -s 1 -l once -d 'Take everything that is available now as one batch, then exit'
complete -c weir -n "__fish_weir_using_subcommand listen" -s 0 -l null -d 'Records end with NUL, not with a newline'
complete -c weir -n "__fish_weir_using_subcommand listen" -l wal -d 'Keep a write-ahead log of the input in DIR; with --checkpoint this is the default'
complete -c weir -n "__fish_weir_using_subcommand listen" -l no-wal -d 'Keep no such log: a crash loses the open batch'
complete -c weir -n "__fish_weir_using_subcommand listen" -l explain -d 'Print the pipeline instead of running it, and what becomes of the first records'
complete -c weir -n "__fish_weir_using_subcommand listen" -s v -l verbose -d 'Say more on stderr: who connects, and a summary at the end'
complete -c weir -n "__fish_weir_using_subcommand listen" -s q -l quiet -d 'Say nothing on stderr but errors and losses'
complete -c weir -n "__fish_weir_using_subcommand listen" -l ack -d 'Answer `ok N` to each client that has sent all: how many of its lines are kept'
complete -c weir -n "__fish_weir_using_subcommand listen" -l with-peer -d 'Make a pair of each line: the client it came from, and the line'
complete -c weir -n "__fish_weir_using_subcommand listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand listen" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand files" -l split -d 'Split each record at SEP, as Python\'s s.split(SEP) does' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l filter -d 'Keep the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l reject -d 'Drop the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l in -d 'Keep the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l not-in -d 'Drop the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l where -d 'Keep the records that compare so as numbers: \'>= 500\', \'< 0.1\', \'!= 0\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l extract -d 'Take what the first group of REGEX matches, or all that it matches if it has no groups' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l else -d 'Take TEXT where the step before finds nothing' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l replace -d 'Replace every match of REGEX by TEXT' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l lookup -d 'Take what a table has for each record: KEY=VALUE,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l pair -d 'Make a pair of each record: key and value, before and after the first SEP' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l field -d 'Keep fields of each record: 3, NF (the last), NF-1, 2-4, 3-, 0 (all), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l value -d 'Make pairs: the value is what SEL selects of the same record, the key what the step before does' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l delimiter -d 'What separates the parts of a record, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l output-delimiter -d 'What joins several parts, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l csv -d 'Keep columns of each record, which is CSV: 3, 2-4, 3-, status, "odd, name", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l csv-header -d 'The names of the columns, for the --csv before; then the first line is a record like any other' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l json -d 'Keep values of each record, which is JSON: .user.name, .a[0], .["odd key"], . (all), .tags[] (a record each), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l logfmt -d 'Keep the value of a key of each record, as in level=info msg="all is well", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l access-log -d 'Keep parts of each line of an access log: host, status, minute, ..., or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l jq -d 'Run a jq program on each record, which is JSON; each output is a record' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l on -d 'Turn the steps behind it to a half of the pairs' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l sample -d 'Keep the share P of the records: 0.1 is a tenth' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l pipe -d 'Pipe each batch through a shell command: records go in as lines, and its lines come out' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand files" -l stats -d 'Find several statistics of each batch: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l stats-by-key -d 'Find several statistics of the values of each key: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l reduce -d 'Put all records of a batch together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l inverse-by -d 'Take what leaves the window out by a jq program: . is what there is, $x what leaves' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l reduce-by-key -d 'Put the values of each key together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l update-state-by -d 'Keep a state of each key by a jq program of {"key", "values", "state"}' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l window -d 'Aggregate over the last D, not over each batch alone' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l slide -d 'Report the window every D [default: the interval]' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l state-ttl -d 'Forget a key that was not seen for D; time in which nobody ran counts' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l max-keys -d 'Hold at most N keys; --on-full says what becomes of more' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l on-full -d 'What to do when there are more than --max-keys [default: fail]' -r -f -a "fail\t'End the run with status 1'
oldest\t'Forget the keys that were seen last the longest ago; of one batch, the smallest bytes first'"
complete -c weir -n "__fish_weir_using_subcommand files" -l per -d 'Divide counts and sums by the time that a report covers, in units of D' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l having -d 'Report only rows that compare so: \'>= 20\', \'p99 > 0.5\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l by -d 'The column that --having, --top and --sort value look at [default: the first statistic]' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l top -d 'Report only the N largest values' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l sort -d 'What orders the rows [default: value]' -r -f -a "value\t'By the value, largest first; equal ones by key'
key\t'By the bytes of the key'
none\t'As the keys first appeared'"
complete -c weir -n "__fish_weir_using_subcommand files" -l format -d 'How batches are written [default: what FILE of --output ends with, else pprint]' -r -f -a "pprint\t'each batch as PySpark\'s pprint() prints it'
scala\t'each batch as print() of Spark\'s Scala API prints it'
tsv\t'tab-separated values with the Time, every row'
csv\t'comma-separated values with the Time and a header, every row'
json\t'one JSON object a row, with the Time, every row'
text\t'the record alone, or key TAB value, every row'
uniq\t'count and key as uniq -c writes them, every row'"
complete -c weir -n "__fish_weir_using_subcommand files" -l num -d 'Print at most N records a batch, or `all` (pprint, scala) [default: 10, or N of --top]' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -s o -l output -d 'Append each batch to FILE, `-` for stdout; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand files" -l output-dir -d 'Write each batch to a file of its own in DIR' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand files" -l to-kafka -d 'Send each row to TOPIC of Kafka, as a message' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l to-brokers -d 'The brokers of --to-kafka, HOST:PORT with commas between [default: those of weir kafka]' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l exec -d 'Run CMD for each batch, with the batch on its stdin' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand files" -l on-exec-fail -d 'What becomes of the run when CMD of --exec fails [default: fail]' -r -f -a "fail\t'The run fails'
retry\t'It is tried again, after a second, then after longer and longer, up to a minute'
warn\t'It is said on stderr'"
complete -c weir -n "__fish_weir_using_subcommand files" -s X -l property -d 'Set a property of librdkafka, Kafka\'s client; may be repeated' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -s F -l property-file -d 'Read such properties from FILE, a line each: key=value; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand files" -l connect-timeout -d 'How long brokers may take to answer at the start [default: 30s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -s i -l interval -d 'The batch interval: batches end at multiples of D since the epoch [default: 1s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l batches -d 'Stop after N batches' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l duration -d 'Stop after D; the open batch is printed' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l threads -d 'Fold with N threads [default: the cores it may use]' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l max-rate -d 'Read at most N records a second; N may be 5k or 2M, as all counts may' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l max-record -d 'The longest record; a longer one is bad' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l on-bad -d 'What becomes of bad records: skip, fail, or a file' -r -F
complete -c weir -n "__fish_weir_using_subcommand files" -l checkpoint -d 'Keep state, windows and positions in DIR, and go on from there at the next start' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand files" -l shutdown-timeout -d 'End at the latest D after a signal, with status 1, whatever the outputs do' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l config -d 'Take flags from FILE, one argument a line; $WEIR_CONFIG names one as well' -r -F
complete -c weir -n "__fish_weir_using_subcommand files" -l progress -d 'Show on stderr how far the run is: auto|always|never' -r -f -a "auto\t'On a terminal, where nothing is printed meanwhile'
always\t'Wherever stderr leads'
never\t'Not at all'"
complete -c weir -n "__fish_weir_using_subcommand files" -l ui -d 'Show the stream on a page as it runs, with /metrics for Prometheus' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l from -d 'Where files begin that are there at the start: earliest|latest' -r -f -a "earliest\t'At their beginning'
latest\t'At their end'"
complete -c weir -n "__fish_weir_using_subcommand files" -l done -d 'What becomes of a file whose last record is out: keep|delete|archive DIR' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l quiet-after -d 'How long a file in a directory must not have grown before it is read' -r -f
complete -c weir -n "__fish_weir_using_subcommand files" -l words -d 'Split each record at white space, as Python\'s s.split() does'
complete -c weir -n "__fish_weir_using_subcommand files" -l trim -d 'Take white space off both ends of each record, as Python\'s s.strip() does'
complete -c weir -n "__fish_weir_using_subcommand files" -l lower -d 'Make all letters of each record small, as Python\'s s.lower() does'
complete -c weir -n "__fish_weir_using_subcommand files" -l upper -d 'Make all letters of each record capitals, as Python\'s s.upper() does'
complete -c weir -n "__fish_weir_using_subcommand files" -l raw -d 'Give the program of the --jq before each record as a string, not as JSON'
complete -c weir -n "__fish_weir_using_subcommand files" -l keys -d 'Keep the key of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand files" -l values -d 'Keep the value of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand files" -l count -d 'Count the records of each batch; an empty batch has 0'
complete -c weir -n "__fish_weir_using_subcommand files" -l count-by-key -d 'Count the records of each key; a plain record is its own key'
complete -c weir -n "__fish_weir_using_subcommand files" -l sum -d 'Add up the numbers of each batch; of none the sum is 0'
complete -c weir -n "__fish_weir_using_subcommand files" -l sum-by-key -d 'Add up the values of each key'
complete -c weir -n "__fish_weir_using_subcommand files" -l min -d 'Find the smallest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand files" -l min-by-key -d 'Find the smallest value of each key'
complete -c weir -n "__fish_weir_using_subcommand files" -l max -d 'Find the largest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand files" -l max-by-key -d 'Find the largest value of each key'
complete -c weir -n "__fish_weir_using_subcommand files" -l mean -d 'Find the mean of the numbers of each batch, always a double'
complete -c weir -n "__fish_weir_using_subcommand files" -l mean-by-key -d 'Find the mean of the values of each key, always a double'
complete -c weir -n "__fish_weir_using_subcommand files" -l distinct -d 'Print each distinct record of a batch once'
complete -c weir -n "__fish_weir_using_subcommand files" -l distinct-by-key -d 'List the distinct values of each key, sorted by their bytes'
complete -c weir -n "__fish_weir_using_subcommand files" -l group -d 'List all records of each batch, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand files" -l group-by-key -d 'List the values of each key, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand files" -l touched -d 'Run the program of --update-state-by only for keys with values in the batch'
complete -c weir -n "__fish_weir_using_subcommand files" -l inverse -d 'Insist that what leaves the window is subtracted'
complete -c weir -n "__fish_weir_using_subcommand files" -l keep-zeros -d 'Keep keys that have left the window, as 0; with --inverse'
complete -c weir -n "__fish_weir_using_subcommand files" -l skip-partial -d 'Do not print windows that reach back before the start, or that a stop cuts short'
complete -c weir -n "__fish_weir_using_subcommand files" -l update-state -d 'Aggregate since the beginning, and report every key each batch'
complete -c weir -n "__fish_weir_using_subcommand files" -l share -d 'Report counts and sums as shares of the total of all rows'
complete -c weir -n "__fish_weir_using_subcommand files" -l ascending -d 'Smallest first: for --top, and for --sort value'
complete -c weir -n "__fish_weir_using_subcommand files" -l changed -d 'Report only rows that are new, or differ from the last report'
complete -c weir -n "__fish_weir_using_subcommand files" -l utc -d 'Write times in UTC, not in the local zone'
complete -c weir -n "__fish_weir_using_subcommand files" -l epoch -d 'Write times as seconds since the epoch (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand files" -l no-time -d 'Leave the time out (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand files" -l header -d 'Begin with a line that names the columns (tsv; csv does so anyway)'
complete -c weir -n "__fish_weir_using_subcommand files" -l no-header -d 'Begin without such a line (csv)'
complete -c weir -n "__fish_weir_using_subcommand files" -l skip-empty -d 'Do not print, write or pass on a batch without rows'
complete -c weir -n "__fish_weir_using_subcommand files" -l live -d 'Show the report on the terminal, with bars, and draw it anew with each batch'
complete -c weir -n "__fish_weir_using_subcommand files" -s 1 -l once -d 'Take everything that is available now as one batch, then exit'
complete -c weir -n "__fish_weir_using_subcommand files" -s 0 -l null -d 'Records end with NUL, not with a newline'
complete -c weir -n "__fish_weir_using_subcommand files" -l wal -d 'Keep a write-ahead log of the input in DIR; with --checkpoint this is the default'
complete -c weir -n "__fish_weir_using_subcommand files" -l no-wal -d 'Keep no such log: a crash loses the open batch'
complete -c weir -n "__fish_weir_using_subcommand files" -l explain -d 'Print the pipeline instead of running it, and what becomes of the first records'
complete -c weir -n "__fish_weir_using_subcommand files" -s v -l verbose -d 'Say more on stderr: who connects, and a summary at the end'
complete -c weir -n "__fish_weir_using_subcommand files" -s q -l quiet -d 'Say nothing on stderr but errors and losses'
complete -c weir -n "__fish_weir_using_subcommand files" -l follow -d 'Read on files that grow, as tail -F does, across rotation'
complete -c weir -n "__fish_weir_using_subcommand files" -l all-names -d 'Read files in directories whatever they are called'
complete -c weir -n "__fish_weir_using_subcommand files" -l with-path -d 'Make a pair of each line: the path of its file, and the line'
complete -c weir -n "__fish_weir_using_subcommand files" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand files" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l split -d 'Split each record at SEP, as Python\'s s.split(SEP) does' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l filter -d 'Keep the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l reject -d 'Drop the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l in -d 'Keep the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l not-in -d 'Drop the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l where -d 'Keep the records that compare so as numbers: \'>= 500\', \'< 0.1\', \'!= 0\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l extract -d 'Take what the first group of REGEX matches, or all that it matches if it has no groups' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l else -d 'Take TEXT where the step before finds nothing' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l replace -d 'Replace every match of REGEX by TEXT' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l lookup -d 'Take what a table has for each record: KEY=VALUE,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l pair -d 'Make a pair of each record: key and value, before and after the first SEP' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l field -d 'Keep fields of each record: 3, NF (the last), NF-1, 2-4, 3-, 0 (all), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l value -d 'Make pairs: the value is what SEL selects of the same record, the key what the step before does' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l delimiter -d 'What separates the parts of a record, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l output-delimiter -d 'What joins several parts, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l csv -d 'Keep columns of each record, which is CSV: 3, 2-4, 3-, status, "odd, name", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l csv-header -d 'The names of the columns, for the --csv before; then the first line is a record like any other' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l json -d 'Keep values of each record, which is JSON: .user.name, .a[0], .["odd key"], . (all), .tags[] (a record each), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l logfmt -d 'Keep the value of a key of each record, as in level=info msg="all is well", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l access-log -d 'Keep parts of each line of an access log: host, status, minute, ..., or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l jq -d 'Run a jq program on each record, which is JSON; each output is a record' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l on -d 'Turn the steps behind it to a half of the pairs' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l sample -d 'Keep the share P of the records: 0.1 is a tenth' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l pipe -d 'Pipe each batch through a shell command: records go in as lines, and its lines come out' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l stats -d 'Find several statistics of each batch: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l stats-by-key -d 'Find several statistics of the values of each key: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l reduce -d 'Put all records of a batch together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l inverse-by -d 'Take what leaves the window out by a jq program: . is what there is, $x what leaves' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l reduce-by-key -d 'Put the values of each key together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l update-state-by -d 'Keep a state of each key by a jq program of {"key", "values", "state"}' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l window -d 'Aggregate over the last D, not over each batch alone' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l slide -d 'Report the window every D [default: the interval]' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l state-ttl -d 'Forget a key that was not seen for D; time in which nobody ran counts' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l max-keys -d 'Hold at most N keys; --on-full says what becomes of more' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l on-full -d 'What to do when there are more than --max-keys [default: fail]' -r -f -a "fail\t'End the run with status 1'
oldest\t'Forget the keys that were seen last the longest ago; of one batch, the smallest bytes first'"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l per -d 'Divide counts and sums by the time that a report covers, in units of D' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l having -d 'Report only rows that compare so: \'>= 20\', \'p99 > 0.5\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l by -d 'The column that --having, --top and --sort value look at [default: the first statistic]' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l top -d 'Report only the N largest values' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l sort -d 'What orders the rows [default: value]' -r -f -a "value\t'By the value, largest first; equal ones by key'
key\t'By the bytes of the key'
none\t'As the keys first appeared'"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l format -d 'How batches are written [default: what FILE of --output ends with, else pprint]' -r -f -a "pprint\t'each batch as PySpark\'s pprint() prints it'
scala\t'each batch as print() of Spark\'s Scala API prints it'
tsv\t'tab-separated values with the Time, every row'
csv\t'comma-separated values with the Time and a header, every row'
json\t'one JSON object a row, with the Time, every row'
text\t'the record alone, or key TAB value, every row'
uniq\t'count and key as uniq -c writes them, every row'"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l num -d 'Print at most N records a batch, or `all` (pprint, scala) [default: 10, or N of --top]' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -s o -l output -d 'Append each batch to FILE, `-` for stdout; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand kafka" -l output-dir -d 'Write each batch to a file of its own in DIR' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l to-kafka -d 'Send each row to TOPIC of Kafka, as a message' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l to-brokers -d 'The brokers of --to-kafka, HOST:PORT with commas between [default: those of weir kafka]' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l exec -d 'Run CMD for each batch, with the batch on its stdin' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l on-exec-fail -d 'What becomes of the run when CMD of --exec fails [default: fail]' -r -f -a "fail\t'The run fails'
retry\t'It is tried again, after a second, then after longer and longer, up to a minute'
warn\t'It is said on stderr'"
complete -c weir -n "__fish_weir_using_subcommand kafka" -s X -l property -d 'Set a property of librdkafka, Kafka\'s client; may be repeated' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -s F -l property-file -d 'Read such properties from FILE, a line each: key=value; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand kafka" -l connect-timeout -d 'How long brokers may take to answer at the start [default: 30s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -s i -l interval -d 'The batch interval: batches end at multiples of D since the epoch [default: 1s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l batches -d 'Stop after N batches' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l duration -d 'Stop after D; the open batch is printed' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l threads -d 'Fold with N threads [default: the cores it may use]' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l max-rate -d 'Read at most N records a second; N may be 5k or 2M, as all counts may' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l max-record -d 'The longest record; a longer one is bad' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l on-bad -d 'What becomes of bad records: skip, fail, or a file' -r -F
complete -c weir -n "__fish_weir_using_subcommand kafka" -l checkpoint -d 'Keep state, windows and positions in DIR, and go on from there at the next start' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l shutdown-timeout -d 'End at the latest D after a signal, with status 1, whatever the outputs do' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l config -d 'Take flags from FILE, one argument a line; $WEIR_CONFIG names one as well' -r -F
complete -c weir -n "__fish_weir_using_subcommand kafka" -l progress -d 'Show on stderr how far the run is: auto|always|never' -r -f -a "auto\t'On a terminal, where nothing is printed meanwhile'
always\t'Wherever stderr leads'
never\t'Not at all'"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l ui -d 'Show the stream on a page as it runs, with /metrics for Prometheus' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -s b -l brokers -d 'The brokers to ask first, HOST:PORT with commas between' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -s t -l topic -d 'The topic to read; may be repeated, or be a list with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -s G -l group-id -d 'Read as a member of this group: several processes share the partitions' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l from -d 'Where to begin: earliest, latest, an offset, -N, -10m or @TIME [default: latest; with --once earliest]' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l on-offset-reset -d 'What becomes of the run when records that are to come next are not there [default: fail]' -r -f -a "fail\t'It ends'
earliest\t'It goes on with the first record there is'
latest\t'It goes on with what comes'"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l max-rate-per-partition -d 'Read at most N records a second of each partition; N may be 5k or 2M' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l with-header -d 'Make a pair of each message: the header NAME, the last one of that name, and its value' -r -f
complete -c weir -n "__fish_weir_using_subcommand kafka" -l words -d 'Split each record at white space, as Python\'s s.split() does'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l trim -d 'Take white space off both ends of each record, as Python\'s s.strip() does'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l lower -d 'Make all letters of each record small, as Python\'s s.lower() does'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l upper -d 'Make all letters of each record capitals, as Python\'s s.upper() does'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l raw -d 'Give the program of the --jq before each record as a string, not as JSON'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l keys -d 'Keep the key of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l values -d 'Keep the value of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l count -d 'Count the records of each batch; an empty batch has 0'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l count-by-key -d 'Count the records of each key; a plain record is its own key'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l sum -d 'Add up the numbers of each batch; of none the sum is 0'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l sum-by-key -d 'Add up the values of each key'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l min -d 'Find the smallest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l min-by-key -d 'Find the smallest value of each key'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l max -d 'Find the largest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l max-by-key -d 'Find the largest value of each key'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l mean -d 'Find the mean of the numbers of each batch, always a double'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l mean-by-key -d 'Find the mean of the values of each key, always a double'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l distinct -d 'Print each distinct record of a batch once'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l distinct-by-key -d 'List the distinct values of each key, sorted by their bytes'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l group -d 'List all records of each batch, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l group-by-key -d 'List the values of each key, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l touched -d 'Run the program of --update-state-by only for keys with values in the batch'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l inverse -d 'Insist that what leaves the window is subtracted'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l keep-zeros -d 'Keep keys that have left the window, as 0; with --inverse'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l skip-partial -d 'Do not print windows that reach back before the start, or that a stop cuts short'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l update-state -d 'Aggregate since the beginning, and report every key each batch'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l share -d 'Report counts and sums as shares of the total of all rows'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l ascending -d 'Smallest first: for --top, and for --sort value'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l changed -d 'Report only rows that are new, or differ from the last report'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l utc -d 'Write times in UTC, not in the local zone'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l epoch -d 'Write times as seconds since the epoch (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l no-time -d 'Leave the time out (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l header -d 'Begin with a line that names the columns (tsv; csv does so anyway)'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l no-header -d 'Begin without such a line (csv)'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l skip-empty -d 'Do not print, write or pass on a batch without rows'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l live -d 'Show the report on the terminal, with bars, and draw it anew with each batch'
complete -c weir -n "__fish_weir_using_subcommand kafka" -s 1 -l once -d 'Take everything that is available now as one batch, then exit'
complete -c weir -n "__fish_weir_using_subcommand kafka" -s 0 -l null -d 'Records end with NUL, not with a newline'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l wal -d 'Keep a write-ahead log of the input in DIR; with --checkpoint this is the default'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l no-wal -d 'Keep no such log: a crash loses the open batch'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l explain -d 'Print the pipeline instead of running it, and what becomes of the first records'
complete -c weir -n "__fish_weir_using_subcommand kafka" -s v -l verbose -d 'Say more on stderr: who connects, and a summary at the end'
complete -c weir -n "__fish_weir_using_subcommand kafka" -s q -l quiet -d 'Say nothing on stderr but errors and losses'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l with-key -d 'Make a pair of each message: its key, and its value'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l with-topic -d 'Make a pair of each message: its topic, and its value'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l with-partition -d 'Make a pair of each message: the number of its partition, and its value'
complete -c weir -n "__fish_weir_using_subcommand kafka" -l with-headers -d 'Make a pair of each message: its headers as a JSON object, and its value'
complete -c weir -n "__fish_weir_using_subcommand kafka" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand kafka" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l split -d 'Split each record at SEP, as Python\'s s.split(SEP) does' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l filter -d 'Keep the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l reject -d 'Drop the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l in -d 'Keep the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l not-in -d 'Drop the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l where -d 'Keep the records that compare so as numbers: \'>= 500\', \'< 0.1\', \'!= 0\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l extract -d 'Take what the first group of REGEX matches, or all that it matches if it has no groups' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l else -d 'Take TEXT where the step before finds nothing' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l replace -d 'Replace every match of REGEX by TEXT' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l lookup -d 'Take what a table has for each record: KEY=VALUE,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l pair -d 'Make a pair of each record: key and value, before and after the first SEP' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l field -d 'Keep fields of each record: 3, NF (the last), NF-1, 2-4, 3-, 0 (all), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l value -d 'Make pairs: the value is what SEL selects of the same record, the key what the step before does' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l delimiter -d 'What separates the parts of a record, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l output-delimiter -d 'What joins several parts, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l csv -d 'Keep columns of each record, which is CSV: 3, 2-4, 3-, status, "odd, name", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l csv-header -d 'The names of the columns, for the --csv before; then the first line is a record like any other' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l json -d 'Keep values of each record, which is JSON: .user.name, .a[0], .["odd key"], . (all), .tags[] (a record each), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l logfmt -d 'Keep the value of a key of each record, as in level=info msg="all is well", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l access-log -d 'Keep parts of each line of an access log: host, status, minute, ..., or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l jq -d 'Run a jq program on each record, which is JSON; each output is a record' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l on -d 'Turn the steps behind it to a half of the pairs' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l sample -d 'Keep the share P of the records: 0.1 is a tenth' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l pipe -d 'Pipe each batch through a shell command: records go in as lines, and its lines come out' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l stats -d 'Find several statistics of each batch: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l stats-by-key -d 'Find several statistics of the values of each key: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l reduce -d 'Put all records of a batch together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l inverse-by -d 'Take what leaves the window out by a jq program: . is what there is, $x what leaves' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l reduce-by-key -d 'Put the values of each key together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l update-state-by -d 'Keep a state of each key by a jq program of {"key", "values", "state"}' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l window -d 'Aggregate over the last D, not over each batch alone' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l slide -d 'Report the window every D [default: the interval]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l state-ttl -d 'Forget a key that was not seen for D; time in which nobody ran counts' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l max-keys -d 'Hold at most N keys; --on-full says what becomes of more' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l on-full -d 'What to do when there are more than --max-keys [default: fail]' -r -f -a "fail\t'End the run with status 1'
oldest\t'Forget the keys that were seen last the longest ago; of one batch, the smallest bytes first'"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l per -d 'Divide counts and sums by the time that a report covers, in units of D' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l having -d 'Report only rows that compare so: \'>= 20\', \'p99 > 0.5\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l by -d 'The column that --having, --top and --sort value look at [default: the first statistic]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l top -d 'Report only the N largest values' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l sort -d 'What orders the rows [default: value]' -r -f -a "value\t'By the value, largest first; equal ones by key'
key\t'By the bytes of the key'
none\t'As the keys first appeared'"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l format -d 'How batches are written [default: what FILE of --output ends with, else pprint]' -r -f -a "pprint\t'each batch as PySpark\'s pprint() prints it'
scala\t'each batch as print() of Spark\'s Scala API prints it'
tsv\t'tab-separated values with the Time, every row'
csv\t'comma-separated values with the Time and a header, every row'
json\t'one JSON object a row, with the Time, every row'
text\t'the record alone, or key TAB value, every row'
uniq\t'count and key as uniq -c writes them, every row'"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l num -d 'Print at most N records a batch, or `all` (pprint, scala) [default: 10, or N of --top]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s o -l output -d 'Append each batch to FILE, `-` for stdout; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l output-dir -d 'Write each batch to a file of its own in DIR' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l to-kafka -d 'Send each row to TOPIC of Kafka, as a message' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l to-brokers -d 'The brokers of --to-kafka, HOST:PORT with commas between [default: those of weir kafka]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l exec -d 'Run CMD for each batch, with the batch on its stdin' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l on-exec-fail -d 'What becomes of the run when CMD of --exec fails [default: fail]' -r -f -a "fail\t'The run fails'
retry\t'It is tried again, after a second, then after longer and longer, up to a minute'
warn\t'It is said on stderr'"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s X -l property -d 'Set a property of librdkafka, Kafka\'s client; may be repeated' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s F -l property-file -d 'Read such properties from FILE, a line each: key=value; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l connect-timeout -d 'How long brokers may take to answer at the start [default: 30s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s i -l interval -d 'The batch interval: batches end at multiples of D since the epoch [default: 1s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l batches -d 'Stop after N batches' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l duration -d 'Stop after D; the open batch is printed' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l threads -d 'Fold with N threads [default: the cores it may use]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l max-rate -d 'Read at most N records a second; N may be 5k or 2M, as all counts may' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l max-record -d 'The longest record; a longer one is bad' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l on-bad -d 'What becomes of bad records: skip, fail, or a file' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l checkpoint -d 'Keep state, windows and positions in DIR, and go on from there at the next start' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l shutdown-timeout -d 'End at the latest D after a signal, with status 1, whatever the outputs do' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l config -d 'Take flags from FILE, one argument a line; $WEIR_CONFIG names one as well' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l progress -d 'Show on stderr how far the run is: auto|always|never' -r -f -a "auto\t'On a terminal, where nothing is printed meanwhile'
always\t'Wherever stderr leads'
never\t'Not at all'"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l ui -d 'Show the stream on a page as it runs, with /metrics for Prometheus' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l with-header -d 'Make a pair of each event: its header of this name, and its body' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l compression -d 'How the sinks compress: what their compression-type says' -r -f -a "none\t'Not at all'
deflate\t'zlib, both ways'"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l tls-cert -d 'Speak TLS: the file of the certificate, as PEM' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l tls-key -d 'The file of the private key of --tls-cert, as PEM' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l tls-max -d 'The newest version of TLS that is spoken: 1.3, or 1.2 for sinks of Flume up to 1.9, which break under 1.3' -r -f -a "1.2\t'TLS 1.2 alone'
1.3\t'TLS 1.2 and 1.3'"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l words -d 'Split each record at white space, as Python\'s s.split() does'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l trim -d 'Take white space off both ends of each record, as Python\'s s.strip() does'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l lower -d 'Make all letters of each record small, as Python\'s s.lower() does'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l upper -d 'Make all letters of each record capitals, as Python\'s s.upper() does'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l raw -d 'Give the program of the --jq before each record as a string, not as JSON'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l keys -d 'Keep the key of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l values -d 'Keep the value of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l count -d 'Count the records of each batch; an empty batch has 0'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l count-by-key -d 'Count the records of each key; a plain record is its own key'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l sum -d 'Add up the numbers of each batch; of none the sum is 0'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l sum-by-key -d 'Add up the values of each key'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l min -d 'Find the smallest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l min-by-key -d 'Find the smallest value of each key'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l max -d 'Find the largest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l max-by-key -d 'Find the largest value of each key'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l mean -d 'Find the mean of the numbers of each batch, always a double'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l mean-by-key -d 'Find the mean of the values of each key, always a double'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l distinct -d 'Print each distinct record of a batch once'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l distinct-by-key -d 'List the distinct values of each key, sorted by their bytes'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l group -d 'List all records of each batch, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l group-by-key -d 'List the values of each key, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l touched -d 'Run the program of --update-state-by only for keys with values in the batch'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l inverse -d 'Insist that what leaves the window is subtracted'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l keep-zeros -d 'Keep keys that have left the window, as 0; with --inverse'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l skip-partial -d 'Do not print windows that reach back before the start, or that a stop cuts short'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l update-state -d 'Aggregate since the beginning, and report every key each batch'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l share -d 'Report counts and sums as shares of the total of all rows'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l ascending -d 'Smallest first: for --top, and for --sort value'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l changed -d 'Report only rows that are new, or differ from the last report'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l utc -d 'Write times in UTC, not in the local zone'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l epoch -d 'Write times as seconds since the epoch (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l no-time -d 'Leave the time out (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l header -d 'Begin with a line that names the columns (tsv; csv does so anyway)'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l no-header -d 'Begin without such a line (csv)'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l skip-empty -d 'Do not print, write or pass on a batch without rows'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l live -d 'Show the report on the terminal, with bars, and draw it anew with each batch'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s 1 -l once -d 'Take everything that is available now as one batch, then exit'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s 0 -l null -d 'Records end with NUL, not with a newline'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l wal -d 'Keep a write-ahead log of the input in DIR; with --checkpoint this is the default'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l no-wal -d 'Keep no such log: a crash loses the open batch'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l explain -d 'Print the pipeline instead of running it, and what becomes of the first records'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s v -l verbose -d 'Say more on stderr: who connects, and a summary at the end'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s q -l quiet -d 'Say nothing on stderr but errors and losses'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l with-headers -d 'Make a pair of each event: its headers, and its body'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand flume-push" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l split -d 'Split each record at SEP, as Python\'s s.split(SEP) does' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l filter -d 'Keep the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l reject -d 'Drop the records in which REGEX matches' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l in -d 'Keep the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l not-in -d 'Drop the records that are in a list: A,B,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l where -d 'Keep the records that compare so as numbers: \'>= 500\', \'< 0.1\', \'!= 0\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l extract -d 'Take what the first group of REGEX matches, or all that it matches if it has no groups' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l else -d 'Take TEXT where the step before finds nothing' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l replace -d 'Replace every match of REGEX by TEXT' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l lookup -d 'Take what a table has for each record: KEY=VALUE,... or the lines of FILE' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l pair -d 'Make a pair of each record: key and value, before and after the first SEP' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l field -d 'Keep fields of each record: 3, NF (the last), NF-1, 2-4, 3-, 0 (all), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l value -d 'Make pairs: the value is what SEL selects of the same record, the key what the step before does' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l delimiter -d 'What separates the parts of a record, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l output-delimiter -d 'What joins several parts, for the step before' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l csv -d 'Keep columns of each record, which is CSV: 3, 2-4, 3-, status, "odd, name", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l csv-header -d 'The names of the columns, for the --csv before; then the first line is a record like any other' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l json -d 'Keep values of each record, which is JSON: .user.name, .a[0], .["odd key"], . (all), .tags[] (a record each), or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l logfmt -d 'Keep the value of a key of each record, as in level=info msg="all is well", or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l access-log -d 'Keep parts of each line of an access log: host, status, minute, ..., or several with commas' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l jq -d 'Run a jq program on each record, which is JSON; each output is a record' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l on -d 'Turn the steps behind it to a half of the pairs' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l sample -d 'Keep the share P of the records: 0.1 is a tenth' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l pipe -d 'Pipe each batch through a shell command: records go in as lines, and its lines come out' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l stats -d 'Find several statistics of each batch: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l stats-by-key -d 'Find several statistics of the values of each key: count,mean,p99' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l reduce -d 'Put all records of a batch together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l inverse-by -d 'Take what leaves the window out by a jq program: . is what there is, $x what leaves' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l reduce-by-key -d 'Put the values of each key together by a jq program: . is what there is, $x the next one' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l update-state-by -d 'Keep a state of each key by a jq program of {"key", "values", "state"}' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l window -d 'Aggregate over the last D, not over each batch alone' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l slide -d 'Report the window every D [default: the interval]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l state-ttl -d 'Forget a key that was not seen for D; time in which nobody ran counts' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l max-keys -d 'Hold at most N keys; --on-full says what becomes of more' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l on-full -d 'What to do when there are more than --max-keys [default: fail]' -r -f -a "fail\t'End the run with status 1'
oldest\t'Forget the keys that were seen last the longest ago; of one batch, the smallest bytes first'"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l per -d 'Divide counts and sums by the time that a report covers, in units of D' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l having -d 'Report only rows that compare so: \'>= 20\', \'p99 > 0.5\'' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l by -d 'The column that --having, --top and --sort value look at [default: the first statistic]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l top -d 'Report only the N largest values' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l sort -d 'What orders the rows [default: value]' -r -f -a "value\t'By the value, largest first; equal ones by key'
key\t'By the bytes of the key'
none\t'As the keys first appeared'"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l format -d 'How batches are written [default: what FILE of --output ends with, else pprint]' -r -f -a "pprint\t'each batch as PySpark\'s pprint() prints it'
scala\t'each batch as print() of Spark\'s Scala API prints it'
tsv\t'tab-separated values with the Time, every row'
csv\t'comma-separated values with the Time and a header, every row'
json\t'one JSON object a row, with the Time, every row'
text\t'the record alone, or key TAB value, every row'
uniq\t'count and key as uniq -c writes them, every row'"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l num -d 'Print at most N records a batch, or `all` (pprint, scala) [default: 10, or N of --top]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s o -l output -d 'Append each batch to FILE, `-` for stdout; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l output-dir -d 'Write each batch to a file of its own in DIR' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l to-kafka -d 'Send each row to TOPIC of Kafka, as a message' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l to-brokers -d 'The brokers of --to-kafka, HOST:PORT with commas between [default: those of weir kafka]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l exec -d 'Run CMD for each batch, with the batch on its stdin' -r -f -a "(__fish_complete_command)"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l on-exec-fail -d 'What becomes of the run when CMD of --exec fails [default: fail]' -r -f -a "fail\t'The run fails'
retry\t'It is tried again, after a second, then after longer and longer, up to a minute'
warn\t'It is said on stderr'"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s X -l property -d 'Set a property of librdkafka, Kafka\'s client; may be repeated' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s F -l property-file -d 'Read such properties from FILE, a line each: key=value; may be repeated' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l connect-timeout -d 'How long brokers may take to answer at the start [default: 30s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s i -l interval -d 'The batch interval: batches end at multiples of D since the epoch [default: 1s]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l batches -d 'Stop after N batches' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l duration -d 'Stop after D; the open batch is printed' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l threads -d 'Fold with N threads [default: the cores it may use]' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l max-rate -d 'Read at most N records a second; N may be 5k or 2M, as all counts may' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l max-record -d 'The longest record; a longer one is bad' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l on-bad -d 'What becomes of bad records: skip, fail, or a file' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l checkpoint -d 'Keep state, windows and positions in DIR, and go on from there at the next start' -r -f -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l shutdown-timeout -d 'End at the latest D after a signal, with status 1, whatever the outputs do' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l config -d 'Take flags from FILE, one argument a line; $WEIR_CONFIG names one as well' -r -F
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l progress -d 'Show on stderr how far the run is: auto|always|never' -r -f -a "auto\t'On a terminal, where nothing is printed meanwhile'
always\t'Wherever stderr leads'
never\t'Not at all'"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l ui -d 'Show the stream on a page as it runs, with /metrics for Prometheus' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l with-header -d 'Make a pair of each event: its header of this name, and its body' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l max-batch -d 'How many events a sink is asked for at a time' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l reconnect-delay -d 'How long to wait before a sink that is lost or refuses is tried again' -r -f
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l words -d 'Split each record at white space, as Python\'s s.split() does'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l trim -d 'Take white space off both ends of each record, as Python\'s s.strip() does'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l lower -d 'Make all letters of each record small, as Python\'s s.lower() does'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l upper -d 'Make all letters of each record capitals, as Python\'s s.upper() does'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l raw -d 'Give the program of the --jq before each record as a string, not as JSON'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l keys -d 'Keep the key of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l values -d 'Keep the value of each pair, as a record'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l count -d 'Count the records of each batch; an empty batch has 0'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l count-by-key -d 'Count the records of each key; a plain record is its own key'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l sum -d 'Add up the numbers of each batch; of none the sum is 0'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l sum-by-key -d 'Add up the values of each key'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l min -d 'Find the smallest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l min-by-key -d 'Find the smallest value of each key'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l max -d 'Find the largest number of each batch'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l max-by-key -d 'Find the largest value of each key'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l mean -d 'Find the mean of the numbers of each batch, always a double'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l mean-by-key -d 'Find the mean of the values of each key, always a double'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l distinct -d 'Print each distinct record of a batch once'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l distinct-by-key -d 'List the distinct values of each key, sorted by their bytes'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l group -d 'List all records of each batch, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l group-by-key -d 'List the values of each key, in the order of the stream'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l touched -d 'Run the program of --update-state-by only for keys with values in the batch'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l inverse -d 'Insist that what leaves the window is subtracted'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l keep-zeros -d 'Keep keys that have left the window, as 0; with --inverse'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l skip-partial -d 'Do not print windows that reach back before the start, or that a stop cuts short'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l update-state -d 'Aggregate since the beginning, and report every key each batch'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l share -d 'Report counts and sums as shares of the total of all rows'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l ascending -d 'Smallest first: for --top, and for --sort value'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l changed -d 'Report only rows that are new, or differ from the last report'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l utc -d 'Write times in UTC, not in the local zone'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l epoch -d 'Write times as seconds since the epoch (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l no-time -d 'Leave the time out (tsv, csv, json)'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l header -d 'Begin with a line that names the columns (tsv; csv does so anyway)'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l no-header -d 'Begin without such a line (csv)'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l skip-empty -d 'Do not print, write or pass on a batch without rows'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l live -d 'Show the report on the terminal, with bars, and draw it anew with each batch'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s 1 -l once -d 'Take everything that is available now as one batch, then exit'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s 0 -l null -d 'Records end with NUL, not with a newline'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l wal -d 'Keep a write-ahead log of the input in DIR; with --checkpoint this is the default'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l no-wal -d 'Keep no such log: a crash loses the open batch'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l explain -d 'Print the pipeline instead of running it, and what becomes of the first records'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s v -l verbose -d 'Say more on stderr: who connects, and a summary at the end'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s q -l quiet -d 'Say nothing on stderr but errors and losses'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l with-headers -d 'Make a pair of each event: its headers, and its body'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand man" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand man" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand completions" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand completions" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and not __fish_seen_subcommand_from show reset" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and not __fish_seen_subcommand_from show reset" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and not __fish_seen_subcommand_from show reset" -f -a "show" -d 'Print what it holds; a stream may be using it'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and not __fish_seen_subcommand_from show reset" -f -a "reset" -d 'Forget state and windows, and where the input was'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and __fish_seen_subcommand_from show" -l json -d 'As one JSON object'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and __fish_seen_subcommand_from show" -l state -d 'Its keys and values, as tsv'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and __fish_seen_subcommand_from reset" -l keep-offsets -d 'Go on from where the input was, with what the log holds beyond that'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help'
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and __fish_seen_subcommand_from reset" -s V -l version -d 'Print version'
complete -c weir -f
complete -c weir -n __fish_weir_needs_command -F
function __fish_weir_table
    set -l word (commandline -ct)
    string match -q -- '@*' "$word"
    and __fish_complete_path (string sub -s 2 -- "$word") | string replace -r '^' '@'
end
complete -c weir -n "__fish_weir_using_subcommand stdin" -l in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l not-in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand stdin" -l lookup -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand connect" -l in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand connect" -l not-in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand connect" -l lookup -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand listen" -l in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand listen" -l not-in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand listen" -l lookup -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand files" -F
complete -c weir -n "__fish_weir_using_subcommand files" -l in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand files" -l not-in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand files" -l lookup -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l not-in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand kafka" -l lookup -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l not-in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand flume-push" -l lookup -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l not-in -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand flume-pull" -l lookup -r -f -a "(__fish_weir_table)"
complete -c weir -n "__fish_weir_using_subcommand completions" -a "bash elvish fish powershell zsh"
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and __fish_seen_subcommand_from show" -a "(__fish_complete_directories)"
complete -c weir -n "__fish_weir_using_subcommand checkpoint; and __fish_seen_subcommand_from reset" -a "(__fish_complete_directories)"
