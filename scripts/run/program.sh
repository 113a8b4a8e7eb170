# shellcheck shell=sh
# Whether a preload reaches the program: what the kernel and ld.so would do with it.

# word OFFSET SIZE BYTES...: sets value to the number there, in the byte order of the file.
word() {
    word_size=$2
    shift $(($1 + 2))
    value=0 word_scale=1
    while [ "$word_size" -gt 0 ]; do
        if [ "$order" = 1 ]; then
            value=$((value + $1 * word_scale)) word_scale=$((word_scale * 256))
        else
            value=$((value * 256 + $1))
        fi
        shift
        word_size=$((word_size - 1))
    done
}

bytes() {
    od -An -v "-t$1" "-j$3" "-N$4" -- "$2" 2>/dev/null
}

# read_loader FILE: sets loader to what PT_INTERP of an ELF file says, to nothing if it has none.
read_loader() {
    file=$1 loader=
    set -- $(bytes u1 "$file" 0 64)
    if [ $# -lt 52 ]; then
        guess_loader "$file"
        return
    fi
    order=$6
    if [ "$5" = 2 ]; then
        word 32 8 "$@"; table=$value
        word 54 2 "$@"; entry=$value
        word 56 2 "$@"; count=$value
        size=8 offset_at=8 length_at=32
    else
        word 28 4 "$@"; table=$value
        word 42 2 "$@"; entry=$value
        word 44 2 "$@"; count=$value
        size=4 offset_at=4 length_at=16
    fi
    while [ "$count" -gt 0 ]; do
        set -- $(bytes u1 "$file" "$table" "$entry")
        [ $# = "$entry" ] || return
        word 0 4 "$@"
        if [ "$value" = 3 ]; then
            word $offset_at $size "$@"; table=$value
            word $length_at $size "$@"
            escapes=
            for byte in $(bytes o1 "$file" "$table" $((value - 1))); do escapes=$escapes\\$byte; done
            loader=$(printf "$escapes")
            return
        fi
        table=$((table + entry)) count=$((count - 1))
    done
}

# Without od: the loader's name stands near the beginning, and read leaves out the zeros.
guess_loader() {
    IFS= read -r line <"$1"
    set +f
    for loader in /lib*/ld-*.so* /lib/*/ld-*.so*; do
        case $line in *"$loader"*) set -f; return ;; esac
    done
    set -f
    loader=
}

# Capabilities of a file are in an attribute that test can't see.
has_capabilities() {
    for getcap in getcap /sbin/getcap /usr/sbin/getcap; do
        if capabilities=$("$getcap" "$1" 2>/dev/null); then
            [ -n "$capabilities" ]
            return
        fi
    done
    return 1
}

# Has the program's own loader put the library before the program, without running it.
check_preload() {
    if ! [ -x "$loader" ]; then
        refuse 126 "the loader $loader of $1 is not installed: install the C library that the program was built for"
        return
    fi
    preload_said=$(LC_ALL=C LD_PRELOAD=$library "$loader" --list "$1" 2>&1) && preload_status=0 ||
        preload_status=$?
    preload_listed=no preload_fault=
    while IFS= read -r line; do
        case $line in
        *"$library"*cannot\ be\ preloaded* | *[Ee]rror*"$library"* | *not\ found*"$library"*)
            preload_fault=${preload_fault:-$line} ;;
        *"$library"*'(0x'*) preload_listed=yes ;;
        esac
    done <<END
$preload_said
END
    if [ $preload_listed = no ] || [ -n "$preload_fault" ]; then
        preload=no
        refuse 125 "$library can't be preloaded into $1 (${preload_fault:-exit status $preload_status of $loader --list}): use one that was built for this machine and C library, with --library FILE"
    else
        note "program: $1, preloaded by $loader"
    fi
}

# What can only be told by looking into the program and its libraries.
ask_curveshim_check() {
    beside curveshim-check
    if [ -z "$tool" ] || [ "$mode" = off ]; then return; fi
    asked=$(LD_PRELOAD='' "$tool" "$1" 2>/dev/null) && return
    reason='' remedy=''
    while IFS= read -r line; do
        case $line in
        '  remedy: '*) remedy=${line#  remedy: } ;;
        '  '*) reason=${reason:-${line#  }} ;;
        esac
    done <<END
$asked
END
    case $asked in
    "$1: cannot be secured"*) refuse 126 "$1 can't be secured: $reason${remedy:+: $remedy}" ;;
    "$1: blocked"*) complain warning "$1 will be blocked: $reason${remedy:+; remedy: $remedy}" ;;
    esac
}

check_elf() {
    if [ -u "$1" ] || [ -g "$1" ]; then
        refuse 126 "$1 is set-user-id or set-group-id, and ld.so preloads nothing into it: take the bit away (chmod ug-s), or run a copy without it"
    elif has_capabilities "$1"; then
        refuse 126 "$1 has file capabilities, and ld.so preloads nothing into it: take them away (setcap -r) and give the process ambient capabilities instead"
    elif ! [ -r "$1" ]; then
        refuse 126 "$1 can't be read, so nothing tells whether it can be secured: make it readable"
    else
        read_loader "$1"
        if [ -z "$loader" ]; then
            refuse 126 "$1 is statically linked, and nothing can be preloaded into it: use one that is dynamically linked"
            return
        fi
        choose_build "$1"
        if [ "$preload" = yes ]; then check_preload "$1"; fi
        ask_curveshim_check "$1"
    fi
}

# check_env WORDS...: what `env WORDS...` in a #! line runs.
check_env() {
    while [ $# -gt 0 ]; do
        case $1 in
        -i | - | --ignore-environment | -u | --unset=LD_PRELOAD | -uLD_PRELOAD | -[!SvC-]*i*)
            refuse 126 "$script clears the environment of its interpreter, the preload too: take '$1' out of its first line"
            return ;;
        -S* ) shift_word=${1#-S}; shift; set -- $shift_word "$@" ;;
        --split-string=*) shift_word=${1#*=}; shift; set -- $shift_word "$@" ;;
        -C | --chdir) shift 2 ;;
        -* | *=*) shift ;;
        *) follow "$1" "$script"; return ;;
        esac
    done
}

# follow PROGRAM [SCRIPT]: PROGRAM itself, or the interpreter that its first line names.
follow() {
    lookup "$1"
    if [ -z "$found" ] || ! [ -e "$found" ]; then
        fail 127 "${2:+$2 needs }$1${2:+, which is}: not found"
    elif [ -d "$found" ] || ! [ -x "$found" ]; then
        fail 126 "$found can't be executed: it is ${2:+what $2 needs, but }a directory or has no permission to be executed"
    fi
    : "${program:=$found}"
    line=
    # A program that can't be read can still be run.
    if [ -r "$found" ]; then IFS= read -r line <"$found"; fi 2>/dev/null
    case $line in
    "$elf_magic"*) check_elf "$found" ;;
    '#!'*)
        script=$found
        hops=$((hops + 1))
        if [ $hops -gt 5 ]; then
            fail 126 "$program: too many interpreters"
            return
        fi
        set -- ${line#??}
        if [ $# = 0 ]; then
            fail 126 "$script names no interpreter after #!"
        fi
        note "script: $script, run by $*"
        interpreter=$1
        shift
        follow "$interpreter" "$script"
        case $interpreter in */env) check_env "$@" ;; esac ;;
    *)
        if [ -r "$found" ]; then
            script=$found
            # What execvp does with a file that the kernel doesn't know.
            follow /bin/sh "$script"
        else
            check_elf "$found"
        fi ;;
    esac
}

check_program() {
    elf_magic=$(printf '\177ELF')
    program='' script='' hops=0
    follow "$1"
}
