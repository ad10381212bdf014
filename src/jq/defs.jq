# What programs know beside what jaq defines, or otherwise than it does.

def join($s): reduce (.[] | if . == null then "" elif isboolean or isnumber then tojson else . end) as $x
    (null; if . == null then "" + $x else . + $s + $x end) // "";
def flatten($depth): if $depth < 0 then error("flatten depth must not be negative") else
    [.[] | if isarray and $depth > 0 then flatten($depth - 1)[] else . end] end;
def flatten: flatten(1e9);
def limit($n; f): if $n < 0 then f else limit_($n; f) end;
def nth($n; f): if $n < 0 then error("Out of bounds negative array index") else last(limit($n + 1; f)) end;
def range($from; $to; $by): if $by == 0 then empty else range_($from; $to; $by) end;
def gamma: lgamma;
def lgamma_r: [lgamma, if . < 0 and . != floor and floor % 2 != 0 then -1 else 1 end];
def nearbyint: rint;
def mktime: mktime_ | floor;
def reverse: if isarray then reverse_ elif isstring then explode | reverse_ | implode
    else [.[length - 1 - range(length)]] end;
def combinations: if length == 0 then [] else
    .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
def recurse_down: recurse;
def test(re; flags): test_(re; flags);
def test(re): test(re; null);
def match(re): match(re; null);
def capture(re): capture(re; null);
def scan(re; flags): matches(re; "g" + flags)[] | if .[1] then [.[1:][].string] else .[0].string end;
def scan(re): scan(re; "g");
def leaf_paths: paths(scalars);
def from_entries: reduce .[] as $e ({}; . + {
    ($e | (if .key == null then .k // .name // .Name // .K // .Key else .key end) |
        if isstring then . elif . == null then "null" else tojson end):
    ($e | if has("value") then .value elif has("v") then .v else .Value end)
});
def with_entries(f): to_entries | map(f) | from_entries;
def del(f): delpaths([path(f)]);
def toarray: if isarray then . else [.] end;
def ascii: [.] | implode;
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def todateiso8601: todate;
def fromdate: fromdateiso8601;
def date: todate;
def dateadd(u; n): . + n;
def datesub(u; n): . - n;
def transpose: [range([.[] | length] | max // 0) as $i | [.[][$i]]];
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def index($i): indices($i)[0];
def rindex($i): indices($i)[-1:][0];
def toboolean: if isboolean then . elif . == "true" then true elif . == "false" then false
    else error("\(type) (\(tojson)) cannot be parsed as a boolean") end;
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] = $row);
def INDEX(f): INDEX(.[]; f);
def JOIN($of; key): [.[] | [., $of[key]]];
def JOIN($of; stream; key): stream | [., $of[key]];
def JOIN($of; stream; key; f): stream | [., $of[key]] | f;
def @json: tojson;
def @csv: if isarray then . else error("\(type) (\(tojson)) cannot be csv-formatted, only an array") end
    | [.[] | if isstring then "\"" + (split("\"") | join("\"\"")) + "\""
    elif . == null then "" elif . < [] then tojson
    else error("\(type) (\(tojson)) is not valid in a csv row") end] | join(",");
def @tsv: if isarray then . else error("\(type) (\(tojson)) cannot be tsv-formatted, only an array") end
    | [.[] | if isstring then split("\\") | join("\\\\") | split("\t") | join("\\t")
        | split("\n") | join("\\n") | split("\r") | join("\\r")
    elif . == null then "" elif . < [] then tojson
    else error("\(type) (\(tojson)) is not valid in a tsv row") end] | join("\t");
def @base64d: tostring | rtrimstr("=") | rtrimstr("=") | . + ["", "", "==", "="][length % 4] | decode_base64;
def format(f): f as $f | if $f == "text" then @text elif $f == "json" then @json elif $f == "csv" then @csv
    elif $f == "tsv" then @tsv elif $f == "html" then @html elif $f == "uri" then @uri elif $f == "sh" then @sh
    elif $f == "base64" then @base64 elif $f == "base64d" then @base64d
    else error("\($f) is not a valid format") end;
def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p)
    | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f): foreach f as $event ({value: null, is_whole: false};
    (if .is_whole then {value: null, is_whole: false} else . end)
    | if $event | length == 2
        then {value: (.value | setpath($event[0]; $event[1])), is_whole: ($event[0] | length == 0)}
        else .is_whole = ($event[0] | length == 1) end;
    if .is_whole then .value else empty end);
def truncate_stream(stream): . as $depth | null | stream
    | if .[0] | length > $depth then .[0] |= .[$depth:] else empty end;
def have_literal_numbers: true;
def have_decnum: false;
