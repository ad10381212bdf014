# Completions of weir for bash: made by `weir completions bash`.

_weir() {
    local cur=$2 prev=$3 command=${COMP_WORDS[1]} words= kind= taken= file
    COMPREPLY=()
    # `--flag=value` comes as three words.
    if [[ ${COMP_WORDS[COMP_CWORD]} == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    # A first flag means stdin, and a first file means files.
    if [[ $command == -* ]]; then
        command=stdin
    elif (( COMP_CWORD == 1 )); then
        command=
    elif [[ -e $command && ' stdin connect listen files kafka flume-push flume-pull man completions checkpoint ' != *" $command "* ]]; then
        command=files
    fi
    case $command in
        checkpoint) (( COMP_CWORD > 2 )) && command+=" ${COMP_WORDS[2]}" ;;
    esac
    case $prev in
        *[\<\>]) kind=default taken=1 ;;
        @) kind=table taken=1 ;;
        --split|--filter|--reject|--where|--extract|--else|--replace|--pair|--field|--value|--delimiter|--output-delimiter|--csv|--csv-header|--json|--logfmt|--access-log|--jq|--sample|--stats|--stats-by-key|--reduce|--inverse-by|--reduce-by-key|--update-state-by|--window|--slide|--state-ttl|--max-keys|--per|--having|--by|--top|--to-kafka|--to-brokers|-X|--property|--connect-timeout|-i|--interval|--batches|--duration|--threads|--max-rate|--max-record|--shutdown-timeout|--ui|--reconnect-delay|--quiet-after|-b|--brokers|-t|--topic|-G|--group-id|--from|--max-rate-per-partition|--with-header|--max-batch) taken=1 ;;
        --in|--not-in|--lookup) kind=table taken=1 ;;
        --on) words='key value' taken=1 ;;
        --pipe|--exec) kind=command taken=1 ;;
        --on-full) words='fail oldest' taken=1 ;;
        --sort) words='value key none' taken=1 ;;
        --format) words='pprint scala tsv csv json text uniq' taken=1 ;;
        --num) words='all' taken=1 ;;
        -o|--output|-F|--property-file|--config|--tls-ca|--tls-cert|--tls-key) kind=default taken=1 ;;
        --output-dir|--checkpoint) kind=dirnames taken=1 ;;
        --on-exec-fail) words='fail retry warn' taken=1 ;;
        --on-bad) kind=default words='skip fail' taken=1 ;;
        --progress) words='auto always never' taken=1 ;;
        --tls-max) words='1.2 1.3' taken=1 ;;
        --from) words='earliest latest' taken=1 ;;
        --done) words='keep delete archive' taken=1 ;;
        --on-offset-reset) words='fail earliest latest' taken=1 ;;
        --compression) words='none deflate' taken=1 ;;
    esac
    # What is the second argument of a flag is no flag.
    (( COMP_CWORD > 2 )) && case ${COMP_WORDS[COMP_CWORD-2]} in
        --replace) kind= words= taken=1 ;;
    esac
    [[ $taken ]] || case $command in
        '') kind=default words='stdin connect listen files kafka flume-push flume-pull man completions checkpoint -h --help -V --version' ;;
        stdin) words='--split --words --trim --lower --upper --filter --reject --in --not-in --where --extract --else --replace --lookup --pair --field --value --delimiter --output-delimiter --csv --csv-header --json --logfmt --access-log --jq --raw --keys --values --on --sample --pipe --count --count-by-key --sum --sum-by-key --min --min-by-key --max --max-by-key --mean --mean-by-key --stats --stats-by-key --distinct --distinct-by-key --group --group-by-key --reduce --inverse-by --reduce-by-key --update-state-by --touched --window --slide --inverse --keep-zeros --skip-partial --update-state --state-ttl --max-keys --on-full --per --share --having --by --top --ascending --sort --changed --format --num --utc --epoch --no-time --header --no-header --skip-empty -o --output --output-dir --to-kafka --to-brokers --exec --on-exec-fail --live -X --property -F --property-file --connect-timeout -i --interval -1 --once --batches --duration --threads --max-rate -0 --null --max-record --on-bad --checkpoint --wal --no-wal --shutdown-timeout --explain --config -v --verbose -q --quiet --progress --ui -h --help -V --version' ;;
        connect) words='--split --words --trim --lower --upper --filter --reject --in --not-in --where --extract --else --replace --lookup --pair --field --value --delimiter --output-delimiter --csv --csv-header --json --logfmt --access-log --jq --raw --keys --values --on --sample --pipe --count --count-by-key --sum --sum-by-key --min --min-by-key --max --max-by-key --mean --mean-by-key --stats --stats-by-key --distinct --distinct-by-key --group --group-by-key --reduce --inverse-by --reduce-by-key --update-state-by --touched --window --slide --inverse --keep-zeros --skip-partial --update-state --state-ttl --max-keys --on-full --per --share --having --by --top --ascending --sort --changed --format --num --utc --epoch --no-time --header --no-header --skip-empty -o --output --output-dir --to-kafka --to-brokers --exec --on-exec-fail --live -X --property -F --property-file --connect-timeout -i --interval -1 --once --batches --duration --threads --max-rate -0 --null --max-record --on-bad --checkpoint --wal --no-wal --shutdown-timeout --explain --config -v --verbose -q --quiet --progress --ui --reconnect-delay --tls --tls-ca --with-peer -h --help -V --version' ;;
        listen) words='--split --words --trim --lower --upper --filter --reject --in --not-in --where --extract --else --replace --lookup --pair --field --value --delimiter --output-delimiter --csv --csv-header --json --logfmt --access-log --jq --raw --keys --values --on --sample --pipe --count --count-by-key --sum --sum-by-key --min --min-by-key --max --max-by-key --mean --mean-by-key --stats --stats-by-key --distinct --distinct-by-key --group --group-by-key --reduce --inverse-by --reduce-by-key --update-state-by --touched --window --slide --inverse --keep-zeros --skip-partial --update-state --state-ttl --max-keys --on-full --per --share --having --by --top --ascending --sort --changed --format --num --utc --epoch --no-time --header --no-header --skip-empty -o --output --output-dir --to-kafka --to-brokers --exec --on-exec-fail --live -X --property -F --property-file --connect-timeout -i --interval -1 --once --batches --duration --threads --max-rate -0 --null --max-record --on-bad --checkpoint --wal --no-wal --shutdown-timeout --explain --config -v --verbose -q --quiet --progress --ui --ack --with-peer --tls-cert --tls-key --tls-max -h --help -V --version' ;;
        files) [[ $cur == -* ]] && words='--split --words --trim --lower --upper --filter --reject --in --not-in --where --extract --else --replace --lookup --pair --field --value --delimiter --output-delimiter --csv --csv-header --json --logfmt --access-log --jq --raw --keys --values --on --sample --pipe --count --count-by-key --sum --sum-by-key --min --min-by-key --max --max-by-key --mean --mean-by-key --stats --stats-by-key --distinct --distinct-by-key --group --group-by-key --reduce --inverse-by --reduce-by-key --update-state-by --touched --window --slide --inverse --keep-zeros --skip-partial --update-state --state-ttl --max-keys --on-full --per --share --having --by --top --ascending --sort --changed --format --num --utc --epoch --no-time --header --no-header --skip-empty -o --output --output-dir --to-kafka --to-brokers --exec --on-exec-fail --live -X --property -F --property-file --connect-timeout -i --interval -1 --once --batches --duration --threads --max-rate -0 --null --max-record --on-bad --checkpoint --wal --no-wal --shutdown-timeout --explain --config -v --verbose -q --quiet --progress --ui --follow --from --done --quiet-after --all-names --with-path -h --help -V --version' || kind=default ;;
        kafka) words='--split --words --trim --lower --upper --filter --reject --in --not-in --where --extract --else --replace --lookup --pair --field --value --delimiter --output-delimiter --csv --csv-header --json --logfmt --access-log --jq --raw --keys --values --on --sample --pipe --count --count-by-key --sum --sum-by-key --min --min-by-key --max --max-by-key --mean --mean-by-key --stats --stats-by-key --distinct --distinct-by-key --group --group-by-key --reduce --inverse-by --reduce-by-key --update-state-by --touched --window --slide --inverse --keep-zeros --skip-partial --update-state --state-ttl --max-keys --on-full --per --share --having --by --top --ascending --sort --changed --format --num --utc --epoch --no-time --header --no-header --skip-empty -o --output --output-dir --to-kafka --to-brokers --exec --on-exec-fail --live -X --property -F --property-file --connect-timeout -i --interval -1 --once --batches --duration --threads --max-rate -0 --null --max-record --on-bad --checkpoint --wal --no-wal --shutdown-timeout --explain --config -v --verbose -q --quiet --progress --ui -b --brokers -t --topic -G --group-id --from --on-offset-reset --max-rate-per-partition --with-key --with-topic --with-partition --with-header --with-headers -h --help -V --version' ;;
        flume-push) words='--split --words --trim --lower --upper --filter --reject --in --not-in --where --extract --else --replace --lookup --pair --field --value --delimiter --output-delimiter --csv --csv-header --json --logfmt --access-log --jq --raw --keys --values --on --sample --pipe --count --count-by-key --sum --sum-by-key --min --min-by-key --max --max-by-key --mean --mean-by-key --stats --stats-by-key --distinct --distinct-by-key --group --group-by-key --reduce --inverse-by --reduce-by-key --update-state-by --touched --window --slide --inverse --keep-zeros --skip-partial --update-state --state-ttl --max-keys --on-full --per --share --having --by --top --ascending --sort --changed --format --num --utc --epoch --no-time --header --no-header --skip-empty -o --output --output-dir --to-kafka --to-brokers --exec --on-exec-fail --live -X --property -F --property-file --connect-timeout -i --interval -1 --once --batches --duration --threads --max-rate -0 --null --max-record --on-bad --checkpoint --wal --no-wal --shutdown-timeout --explain --config -v --verbose -q --quiet --progress --ui --with-headers --with-header --compression --tls-cert --tls-key --tls-max -h --help -V --version' ;;
        flume-pull) words='--split --words --trim --lower --upper --filter --reject --in --not-in --where --extract --else --replace --lookup --pair --field --value --delimiter --output-delimiter --csv --csv-header --json --logfmt --access-log --jq --raw --keys --values --on --sample --pipe --count --count-by-key --sum --sum-by-key --min --min-by-key --max --max-by-key --mean --mean-by-key --stats --stats-by-key --distinct --distinct-by-key --group --group-by-key --reduce --inverse-by --reduce-by-key --update-state-by --touched --window --slide --inverse --keep-zeros --skip-partial --update-state --state-ttl --max-keys --on-full --per --share --having --by --top --ascending --sort --changed --format --num --utc --epoch --no-time --header --no-header --skip-empty -o --output --output-dir --to-kafka --to-brokers --exec --on-exec-fail --live -X --property -F --property-file --connect-timeout -i --interval -1 --once --batches --duration --threads --max-rate -0 --null --max-record --on-bad --checkpoint --wal --no-wal --shutdown-timeout --explain --config -v --verbose -q --quiet --progress --ui --with-headers --with-header --max-batch --reconnect-delay -h --help -V --version' ;;
        man) words='-h --help -V --version' ;;
        completions) words='bash elvish fish powershell zsh -h --help -V --version' ;;
        checkpoint) words='show reset -h --help -V --version' ;;
        'checkpoint show') [[ $cur == -* ]] || kind=dirnames; words='--json --state -h --help -V --version' ;;
        'checkpoint reset') [[ $cur == -* ]] || kind=dirnames; words='--keep-offsets -h --help -V --version' ;;
    esac
    case $kind in
        command) mapfile -t COMPREPLY < <(compgen -c -- "$cur"); return ;;
        # An @ is a word of its own, and the word that it begins has it too.
        table)
            [[ $cur == @* ]] && while read -r file; do
                COMPREPLY+=("@$(printf %q "$file")")
            done < <(compgen -f -- "${cur#@}")
            return
            ;;
        # These are for readline, which quotes them; it is asked where no word fits.
        ?*) compopt -o "$kind" ;;
    esac
    [[ $kind == dirnames ]] || mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _weir weir
