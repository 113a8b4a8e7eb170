# bash completion of curveshim-run                         -*- shell-script -*-
# Options are those that its own --help names; PROGRAM and what follows complete as without it.

_curveshim_run() {
    local cur prev words cword split i
    # In COMP_WORDS, where --certs=DIR is three words.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --certs | --library)
            [[ ${COMP_WORDS[i + 1]} != = ]] || ((i++))
            ((i++)) ;;
        --) ((i++)) && break ;;
        -*) ;;
        *) break ;;
        esac
    done
    if ((i <= COMP_CWORD)) && [[ ${COMP_WORDS[i]} != -* || ${COMP_WORDS[i - 1]} == -- ]]; then
        _command_offset "$i"
        return
    fi
    _init_completion -s || return
    case $prev in
    --certs) _filedir -d ;;
    --library) _filedir so ;;
    *)
        COMPREPLY=($(compgen -W "$("$1" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*')" -- "$cur")) ;;
    esac
} && complete -F _curveshim_run curveshim-run
