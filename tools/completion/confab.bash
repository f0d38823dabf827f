# shellcheck shell=bash
# confab.bash: completion for bash: commands, their options, plugins, what plugins take.
#
# It knows no command by itself: the program's own --help tells of commands and options, `confab info --json` of
# a plugin's, so that both are those of the program that is completed for.

# Adds those CANDIDATES that the word begins with.  Readline's word begins behind the last = or : of ours.
_confab_reply() { # WORD CANDIDATE...
    local word=$1 candidate break=''
    shift
    case $COMP_WORDBREAKS in *=*) break="${break}=" ;; esac
    case $COMP_WORDBREAKS in *:*) break="$break:" ;; esac
    local stays=''
    [ -z "$break" ] || stays=${word%"${word##*[$break]}"}
    for candidate in "$@"; do
        case $candidate in "$word"*) COMPREPLY+=("${candidate#"$stays"}") ;; esac
    done
}

# The same with files: all of KIND (compgen's -f or -d) that begin with what stands behind BEFORE in the word.
_confab_files() { # WORD BEFORE KIND
    local -a files
    mapfile -t files < <(compgen "$3" -- "${1#"$2"}")
    compopt -o filenames 2>/dev/null
    _confab_reply "$1" "${files[@]/#/$2}"
}

# What comes next stands directly behind the word.
_confab_no_space() {
    compopt -o nospace 2>/dev/null
}

# Standard input: what COMMAND --help prints.  Prints each option: NAME, its letter or -, its value's name or -.
_confab_options() {
    local line
    local option='^ +(-([A-Za-z]), )?--([a-z][a-z-]*)( ([A-Z]+|[0-9]+))?(  |$)'
    while IFS= read -r line; do
        [[ $line =~ $option ]] && echo "${BASH_REMATCH[3]} ${BASH_REMATCH[2]:--} ${BASH_REMATCH[5]:--}"
    done
}

_confab_commands() { # PROGRAM
    "$1" --help 2>/dev/null | sed -n '/^commands:/,/^ *$/ s/^  \([a-z]*\) .*/\1/p'
}

# The folders where it looks for plugins, those that are there.
_confab_folders() { # PROGRAM
    local file folder
    local -a given
    IFS=: read -r -a given <<<"${CONFAB_PLUGIN_PATH:-}"
    file=$(type -P -- "$1") && file=$(readlink -f -- "$file") || file=''
    folder=${file%/*}
    for folder in "${given[@]}" ${file:+"$folder"/plugins "$folder"/../lib*/confab/plugins "$folder"/../lib/*/confab/plugins}; do
        [ ! -d "$folder" ] || printf '%s\n' "$folder"
    done
}

# Names of plugins; and files, where a path has been begun.
_confab_plugins() { # PROGRAM WORD
    local folder file
    local -a found=()
    while IFS= read -r folder; do
        for file in "$folder"/*.so; do
            [ ! -e "$file" ] || found+=("$(basename "$file" .so)")
        done
    done < <(_confab_folders "$1")
    for file in ./*.so; do
        [ ! -e "$file" ] || found+=("$file")
    done
    case $2 in
    */* | '~'*)
        local -a files
        mapfile -t files < <(compgen -f -X '!*.so' -- "$2"; compgen -d -- "$2")
        compopt -o filenames 2>/dev/null
        found=("${files[@]}")
        ;;
    *) mapfile -t found < <(printf '%s\n' "${found[@]}" | sort -u) ;;
    esac
    _confab_reply "$2" "${found[@]}"
}

# The options of a plugin: NAME TYPE, and the choices behind that.  (It is loaded, as serving it would.)
_confab_plugin_options() { # PROGRAM PLUGIN
    local line inside='' name='' type choices='' row=''
    while IFS= read -r line; do
        case $line in
        '  "options": ['*) inside=yes ;;
        '  ]'*) inside='' ;;
        esac
        [ -n "$inside" ] || continue
        if [[ $line =~ ^'      "name": "'(.*)'"' ]]; then
            name=${BASH_REMATCH[1]}
        elif [[ $line =~ ^'      "type": "'(.*)'"' ]]; then
            type=${BASH_REMATCH[1]}
            row="$name $type"
        elif [[ $line =~ ^'      "choices": [' ]]; then
            choices=yes
        elif [[ $line =~ ^'      ]' ]]; then
            choices=''
        elif [ -n "$choices" ] && [[ $line =~ ^'        "'(.*)'"' ]]; then
            row="$row ${BASH_REMATCH[1]}"
        elif [[ $line =~ ^'    }' ]]; then
            echo "$row"
        fi
    done < <("$1" info --json "$2" 2>/dev/null)
}

# KEY=VALUE: keys of the plugin and of every service, values of those that have only some.
_confab_settings() { # PROGRAM PLUGIN WORD
    local name type
    local -a rest keys=()
    while read -r name type rest; do
        case $3:$type in
        "$name="*:boolean) _confab_reply "$3" "$name"={true,false} ;;
        "$name="*:choice)
            read -r -a rest <<<"$rest"
            _confab_reply "$3" "${rest[@]/#/$name=}"
            ;;
        "$name="*:path) _confab_files "$3" "$name=" -f ;;
        esac
        keys+=("$name=")
    done < <(_confab_plugin_options "$1" "$2")
    case $3 in *=*) return ;; esac
    # Those of every service are at the end of the help of `serve`.
    while read -r name; do
        keys+=("$name=")
    done < <("$1" serve --help 2>/dev/null | sed -n '/^options of every service/,$ s/^  \([a-z][a-z-]*\) .*/\1/p')
    _confab_no_space
    _confab_reply "$3" "${keys[@]}"
}

_confab_scenarios() { # PROGRAM WORD
    local -a words
    mapfile -t words < <("$1" bench --list 2>/dev/null | awk '{ print $1 }')
    _confab_reply "$2" "${words[@]}"
}

# The value of an option, which the help calls WHAT; BEFORE it stands --name=, or nothing.
_confab_value() { # PROGRAM COMMAND OPTION WHAT BEFORE WORD
    local -a words=()
    case $3:$4 in
    *:BACKEND) mapfile -t words < <("$1" backends 2>/dev/null | awk '$1 != "sim" { print $1 }') ;;
    *:KIND) mapfile -t words < <("$1" new --list 2>/dev/null | awk '{ print $1 }') ;;
    *:LEVEL) words=(debug info warning error) ;;
    *:ADDRESS) _confab_no_space; words=(unix:) ;;
    *:FILE | *:PROGRAM) _confab_files "$6" "$5" -f ;;
    *:FOLDER | *:DIR) _confab_files "$6" "$5" -d ;;
    esac
    case $6 in "${5}unix:"*) _confab_files "$6" "${5}unix:" -f ;; esac
    [ ${#words[@]} -eq 0 ] || _confab_reply "$6" "${words[@]/#/$5}"
    # (Behind --plugin= there is no completing: a name may have a slash in it.)
    case $5:$4 in :PLUGIN) _confab_plugins "$1" "$6" ;; esac
}

# The words of a command behind its name.
_confab_command() { # PROGRAM COMMAND WORD BEFORE...
    local program=$1 command=$2 word=$3 before plugin='' named='' ended='' name letter value i
    local -a names=() letters=() values=()
    shift 3
    while read -r name letter value; do
        names+=("$name") letters+=("$letter") values+=("$value")
    done < <("$program" "$command" --help 2>/dev/null | _confab_options)
    local waits=-1 # the option whose value comes next
    for before in "$@"; do
        if [ $waits -ge 0 ]; then
            [ "${names[waits]}" != plugin ] || named=$before
            waits=-1
        elif [ -z "$ended" ] && [ "$before" = -- ]; then
            ended=yes
        elif [ -z "$ended" ] && [ "${before:0:1}" = - ]; then
            for i in "${!names[@]}"; do
                [ "${values[i]}" != - ] || continue
                case $before in
                "--${names[i]}" | "-${letters[i]}") waits=$i ;;
                --plugin=*) named=${before#*=} ;;
                esac
            done
        elif [ -z "$plugin" ]; then
            plugin=$before
        fi
    done
    if [ $waits -ge 0 ]; then
        _confab_value "$program" "$command" "${names[waits]}" "${values[waits]}" '' "$word"
        return
    fi
    if [ -z "$ended" ]; then
        for i in "${!names[@]}"; do
            case $word in
            "--${names[i]}="*)
                _confab_value "$program" "$command" "${names[i]}" "${values[i]}" "--${names[i]}=" "$word"
                return
                ;;
            esac
        done
        case $word in
        -*)
            _confab_reply "$word" "${names[@]/#/--}"
            return
            ;;
        esac
    fi
    case $command in
    serve | check) if [ -z "$plugin" ]; then _confab_plugins "$program" "$word"; else _confab_settings "$program" "$plugin" "$word"; fi ;;
    bench) if [ -z "$named" ]; then _confab_scenarios "$program" "$word"; else _confab_settings "$program" "$named" "$word"; fi ;;
    info) [ -n "$plugin" ] || _confab_plugins "$program" "$word" ;;
    esac
}

_confab() {
    local program=${COMP_WORDS[0]} line=${COMP_LINE:0:COMP_POINT} word=''
    local -a words commands
    COMPREPLY=()
    # Blanks alone separate words here: in KEY=VALUE and HOST:PORT readline sees several.
    read -r -a words <<<"${line#*"$program"}"
    case $line in
    *[[:blank:]]) ;;
    *)
        [ ${#words[@]} -gt 0 ] || return
        word=${words[-1]}
        unset 'words[-1]'
        ;;
    esac
    program=${program/#\~\//$HOME/}
    type -P -- "$program" >/dev/null || return
    mapfile -t commands < <(_confab_commands "$program")
    case ${#words[@]}:${words[0]:-} in
    0:*) _confab_reply "$word" "${commands[@]}" --help --version ;;
    1:help) _confab_reply "$word" "${commands[@]}" ;;
    *) _confab_command "$program" "${words[0]}" "$word" "${words[@]:1}" ;;
    esac
}

complete -F _confab confab
