# shellcheck shell=sh
# Whether the certificates can be used as server, as client or both. curveshim-cert knows best; what
# follows from names and modes is checked without it too.

SYSTEM_CERTS=/etc/curveshim/certificates

# owner_and_mode FILE: sets owner (a number) and mode (as ls shows it); "?" where there is no ls.
owner_and_mode() {
    mode_line=$(ls -lnLd -- "$1" 2>/dev/null) || mode_line='? ? ?'
    mode_rest=${mode_line#* }
    set -- $mode_rest
    file_mode=${mode_line%% *} owner=${2-?}
}

# certificate FILE KEY...: 1 when FILE is missing; refuses it when it can't be used.
certificate() {
    file=$1
    shift
    [ -e "$file" ] || return 1
    if ! [ -f "$file" ] || ! [ -r "$file" ]; then
        refuse 125 "$file can't be read: make it readable for the user that runs the program"
        return 0
    fi
    for key in "$@"; do
        while IFS= read -r line || [ -n "$line" ]; do
            case $line in *[!a-z-]"$key"*=*????????????????????????????????????????*) continue 2 ;; esac
        done <"$file"
        refuse 125 "$file has no $key: make a certificate with 'curveshim-cert new'"
    done
    [ "$*" != 'public-key' ] || return 0
    owner_and_mode "$file"
    case $loose:$owner:$file_mode in
    yes:*) ;;
    *:*:???????r* | *:[!0?]*:????r*)
        refuse 125 "$file: others can read this secret key: run chmod 600 $file, or mount it with mode 0400 and the program's uid (Kubernetes: defaultMode: 0440, fsGroup), or where the mode can't be changed set SECURE_ZMQ_PERMISSIONS=warn" ;;
    esac
}

# What curveshim-cert knows better. A bad certificate of some client keeps nobody else out.
verify_directory() {
    beside curveshim-cert
    if [ -z "$tool" ] || ! [ -d "$certs" ]; then return; fi
    while IFS= read -r line; do
        case $line in 'problem: '*) ;; *) continue ;; esac
        line=${line#problem: }
        case $loose:$line in 'yes:'*'others can read this secret key'*) continue ;; esac
        # SECURE_ZMQ_AUTHORIZED may name another.
        case $line in "$certs/authorized_clients"[:/]*)
            [ "$authorized" = "$certs/authorized_clients" ] || continue ;;
        esac
        case $line in
        "$certs: neither server.key_secret"*) ;; # decided by role
        "$certs:"* | "$server_cert"* | "$client_cert"* | "$server_key"* | "$known_servers"* | \
        "$authorized:"*)
            verified_bad=yes
            refuse 125 "$line" ;;
        *) complain warning "$line" ;;
        esac
    done <<END
$(LD_PRELOAD='' "$tool" verify "$certs" 2>&1)
END
}

check_directory() {
    [ -d "$certs" ] || return 0
    owner_and_mode "$certs"
    case $file_mode in
    ????????w*) if [ -w "$certs" ]; then
        refuse 125 "$certs: others can write this directory: run chmod o-w $certs"
    fi ;;
    esac
    case $owner in 0 | \?) return 0 ;; esac
    if [ -z "${SECURE_ZMQ_CERTS-}" ] && ! [ -O "$certs" ]; then
        refuse 125 "$certs belongs to another user: set SECURE_ZMQ_CERTS if it is to be used"
    fi
}

# in_certs VALUE: the path that it stands for.
in_certs() {
    case $1 in
    */*) absolute "$1" ;;
    *) printf '%s/%s' "$certs" "$1" ;;
    esac
}

check_certificates() {
    certs=${SECURE_ZMQ_CERTS:-$here/certificates}
    if [ -z "${SECURE_ZMQ_CERTS-}" ] && ! [ -d "$certs" ]; then certs=$SYSTEM_CERTS; fi
    while [ "${certs%/}" != "$certs" ]; do certs=${certs%/}; done
    server_cert=$(in_certs "${SECURE_ZMQ_SERVER_CERT:-server.key_secret}")
    client_cert=$(in_certs "${SECURE_ZMQ_CLIENT_CERT:-client.key_secret}")
    server_key=$(in_certs "${SECURE_ZMQ_SERVER_KEY:-server.key}")
    known_servers=$(in_certs "${SECURE_ZMQ_KNOWN_SERVERS:-known_servers}")
    authorized=$(in_certs "${SECURE_ZMQ_AUTHORIZED:-authorized_clients}")
    note "certificates: $certs"
    verified_bad=no
    verify_directory
    if [ $verified_bad = yes ]; then return; fi
    check_directory
    roles=0
    if certificate "$server_cert" public-key secret-key; then
        roles=1
        case ${SECURE_ZMQ_AUTHORIZED-} in
        [Aa][Nn][Yy]) note "as server: $server_cert, any client" ;;
        *) if [ -d "$authorized" ] && [ -r "$authorized" ] && [ -x "$authorized" ]; then
            note "as server: $server_cert, clients in $authorized"
        else
            refuse 125 "there is no readable directory $authorized, so every bind would be refused: run 'curveshim-cert init $certs'"
        fi ;;
        esac
    else
        note "as server: no, there is no $server_cert"
    fi
    if certificate "$client_cert" public-key secret-key; then
        roles=1
        if [ -f "$known_servers" ] && [ -r "$known_servers" ]; then
            note "as client: $client_cert, servers in $known_servers"
        elif [ -n "${SECURE_ZMQ_KNOWN_SERVERS-}" ] || [ -e "$known_servers" ]; then
            refuse 125 "$known_servers can't be read: every connect would be refused"
        elif certificate "$server_key" public-key; then
            note "as client: $client_cert, server $server_key"
        else
            refuse 125 "there is no $server_key, so every connect would be refused: copy it from the server's machine"
        fi
    else
        note "as client: no, there is no $client_cert"
    fi
    if [ $roles = 0 ]; then
        refuse 125 "there is neither $server_cert nor $client_cert: run 'curveshim-cert init $certs', or name the directory that has them with --certs DIR"
    fi
}
