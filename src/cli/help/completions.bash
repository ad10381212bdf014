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
    elif [[ -e $command && ' KNOWN ' != *" $command "* ]]; then
        command=files
    fi
    case $command in
        NESTED) (( COMP_CWORD > 2 )) && command+=" ${COMP_WORDS[2]}" ;;
    esac
    case $prev in
        *[\<\>]) kind=default taken=1 ;;
        @) kind=table taken=1 ;;
        ARGUMENTS
    esac
    # What is the second argument of a flag is no flag.
    (( COMP_CWORD > 2 )) && case ${COMP_WORDS[COMP_CWORD-2]} in
        SECOND
    esac
    [[ $taken ]] || case $command in
        COMMANDS
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
