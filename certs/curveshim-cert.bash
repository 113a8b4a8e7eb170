# bash completion of curveshim-cert                        -*- shell-script -*-
# Commands and options are those that its own --help names.

# _curveshim_cert_names DIR PATTERN...: the certificates in DIR, without their suffixes.
_curveshim_cert_names() {
    local directory=${1/#\~\//"$HOME"/} pattern file
    shift
    for pattern; do
        for file in "$directory"/$pattern; do
            [[ ! -e $file || $file == *.@(next|superseded).* ]] || basename -s .key_secret "${file%.key}"
        done
    done
}

_curveshim_cert() {
    local cur prev words cword i
    local -a given=()
    _init_completion -n := || return
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
        --meta | --owner | --to) ((i++)) ;;
        -*) ;;
        *) given+=("${words[i]}") ;;
        esac
    done

    case $prev in
    --meta)
        compopt -o nospace
        COMPREPLY=($(compgen -S = -W 'name endpoints addresses expires not-before' -- "$cur"))
        return ;;
    --owner) return ;;
    --to) _filedir key; return ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$("$1" ${given[0]-} --help 2>/dev/null |
            grep -oE -- '--[a-z][a-z-]*')" -- "$cur"))
        return
    fi
    if [[ ${given[0]-} == fleet && " ${words[*]} " == *' --from-log '* ]]; then
        _filedir
        return
    fi
    case ${given[0]-}:${#given[@]} in
    :0)
        COMPREPLY=($(compgen -W "$("$1" --help 2>/dev/null |
            sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')" -- "$cur")) ;;
    show:1) _filedir '@(key|key_secret)' ;;
    fleet:1) _filedir ;;
    *:1) _filedir -d ;;
    fleet:2) _filedir -d ;;
    authorize:*) _filedir key ;;
    rotate:2)
        COMPREPLY=($(compgen -W "$(_curveshim_cert_names "${given[1]}" '*.key_secret')" -- "$cur")) ;;
    trust:3) _filedir key ;;
    revoke:2)
        COMPREPLY=($(compgen -W "$(_curveshim_cert_names "${given[1]}" \
            '*.key_secret' 'authorized_clients/*.key')" -- "$cur"))
        [[ ${COMPREPLY-} ]] || _filedir key ;;
    esac
} && complete -F _curveshim_cert curveshim-cert
