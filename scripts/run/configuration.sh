# shellcheck shell=sh
# The SECURE_ZMQ_... variables, understood as the library understands them.

NAMES='CERTS SERVER_CERT CLIENT_CERT SERVER_KEY KNOWN_SERVERS AUTHORIZED ALLOW DENY PLAINTEXT LOG
LOG_LEVEL LOG_FORMAT METRICS HANDSHAKE_TIMEOUT MAX_MESSAGE_SIZE IO_THREADS PERMISSIONS'

read_mode() {
    case ${SECURE_ZMQ-1} in
    1 | [Tt][Rr][Uu][Ee] | [Yy][Ee][Ss] | [Oo][Nn]) mode=on ;;
    '' | 0 | [Ff][Aa][Ll][Ss][Ee] | [Nn][Oo] | [Oo][Ff][Ff]) mode=off ;;
    [Aa][Uu][Dd][Ii][Tt]) mode=audit ;;
    *) refuse 125 "SECURE_ZMQ='$SECURE_ZMQ' is not understood: use 1, 0 or audit" ;;
    esac
}

check_names() {
    names_known=" $(printf '%s ' $NAMES)"
    names_set=$(export -p)
    while IFS= read -r name; do
        case $name in
        'export SECURE_ZMQ_'* | 'declare -x SECURE_ZMQ_'*) ;;
        *) continue ;;
        esac
        name=${name#*SECURE_ZMQ_}
        name=${name%%=*}
        case $name in *[!A-Za-z0-9_]*) continue ;; esac
        # A line inside another variable's value looks the same.
        eval "[ -n \"\${SECURE_ZMQ_$name+set}\" ]" || continue
        case $names_known in
        *" $name "*) ;;
        *) refuse 125 "SECURE_ZMQ_$name is not a variable of curveshim: correct or unset it; there are SECURE_ZMQ and, with that prefix, $(printf '%s ' $NAMES)" ;;
        esac
    done <<END
$names_set
END
}

number() {
    eval "value=\${SECURE_ZMQ_$1-}"
    case $value in
    '') return ;;
    *[!0-9]* | ????????????????????*) ;;
    *) if [ "$value" -ge "$2" ] && [ "$value" -le "$3" ]; then return; fi 2>/dev/null ;;
    esac
    refuse 125 "SECURE_ZMQ_$1='$value' is not a whole number from $2 to $3"
}

is_network() {
    network=${1%/*}
    case $1 in */*) prefix=${1##*/} ;; *) prefix=0 ;; esac
    case $prefix in '' | *[!0-9]* | ????*) return 1 ;; esac
    case $network in
    *[!0-9a-fA-F:.]*) return 1 ;;
    *:*) [ "$prefix" -le 128 ] ;;
    *[!0-9.]* | *.*.*.*.* | .* | *. | *..*) return 1 ;;
    *.*.*.*) [ "$prefix" -le 32 ] ;;
    *) return 1 ;;
    esac
}

check_values() {
    number HANDSHAKE_TIMEOUT 0 2147483647
    number MAX_MESSAGE_SIZE 1 9223372036854775807
    number IO_THREADS 1 1024
    case ${SECURE_ZMQ_PERMISSIONS-} in
    '' | [Ss][Tt][Rr][Ii][Cc][Tt]) loose=no ;;
    [Ww][Aa][Rr][Nn]) loose=yes ;;
    *) refuse 125 "SECURE_ZMQ_PERMISSIONS='$SECURE_ZMQ_PERMISSIONS' is not understood: use strict or warn" ;;
    esac
    IFS=' ,	
'
    for value in ${SECURE_ZMQ_ALLOW-} ${SECURE_ZMQ_DENY-}; do
        is_network "$value" || refuse 125 "SECURE_ZMQ_ALLOW or _DENY: '$value' is not an address or a CIDR such as 192.0.2.0/24"
    done
    for value in ${SECURE_ZMQ_PLAINTEXT-}; do
        case $value in
        *://* | *[*?]*) ;;
        *) refuse 125 "SECURE_ZMQ_PLAINTEXT: '$value' is not an endpoint glob: write it as the program does, such as tcp://127.0.0.1:5555" ;;
        esac
    done
    unset IFS
}

# A relative path would mean another file once the program has changed its directory.
make_absolute() {
    for name in CERTS SERVER_CERT CLIENT_CERT SERVER_KEY KNOWN_SERVERS AUTHORIZED LOG METRICS; do
        eval "value=\${SECURE_ZMQ_$name-}"
        case $name:$value in
        *: | *:/*) continue ;;
        LOG:[Ss][Tt][Dd][Ee][Rr][Rr] | LOG:[Ss][Yy][Ss][Ll][Oo][Gg] | LOG:[Nn][Oo][Nn][Ee]) continue ;;
        CERTS:* | LOG:* | METRICS:* | *:*/*) ;;
        *) continue ;; # in the certificate directory
        esac
        value=$(absolute "$value")
        eval "SECURE_ZMQ_$name=\$value"
        export "SECURE_ZMQ_$name"
        note "SECURE_ZMQ_$name: $value"
    done
}
