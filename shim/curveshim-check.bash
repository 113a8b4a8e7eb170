# bash completion of curveshim-check                       -*- shell-script -*-
# Options are those that its own --help names.

_curveshim_check() {
    local cur prev words cword
    _init_completion -n : || return
    case $prev:$cur in
    --timeout:* | --watch=*) ;;
    *:-*)
        COMPREPLY=($(compgen -W "$("$1" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*')" -- "$cur")) ;;
    *:ipc://*)
        compopt -o filenames
        COMPREPLY=($(compgen -P ipc:// -f -- "${cur#ipc://}"))
        __ltrim_colon_completions "$cur" ;;
    *:tcp://*) ;;
    *:[0-9]*) _pids ;;
    *)
        _filedir
        [[ -z $cur || $cur == */* ]] || COMPREPLY+=($(compgen -c -- "$cur")) ;;
    esac
} && complete -F _curveshim_check curveshim-check
