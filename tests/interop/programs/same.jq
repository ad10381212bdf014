(1,2)+(10,20)
"\(1,2) \(3,4)"
{a:(1,2),b:(3,4)}
{("a","b"):(1,2)}
{("a","b"):(1,2),("c","d"):(3,4)}
{(("a","b")):1,c:(2,3)}
[1,2,3,4]|.[(0,1):(2,3)]
([1,2],[3,4])[(0,1)]
([1,2,3,4],[5,6,7,8])[(0,1):(2,3)]
[{a:1,b:2},{a:3,b:4}] | .[]["a","b"]
[{a:1,b:2},{a:3,b:4}] | path(.[]["a","b"])
[{a:{x:1,y:2},b:{x:3,y:4}}] | .[0]["a","b"]["x","y"]
[[{a:1,b:2}]] | .[(0,0)][(0,0)]["a","b"]
(1,2)==(1,2)
(1,2)<(1,2)
(1,2)*(3,4)
(1,2)-(3,4)
(8,12)/(2,4)
(8,13)%(2,5)
(true,false) and (true,false)
(true,false) or (true,false)
[range(3)]|.[(0,1)]=(5,6)
[range(3)]|.[(0,1)]+=(5,6)
[range(3)]|.[(0,1)]|=(5,6)
[null,false]|.[(0,1)]//=(5,6)
reduce range(3) as $x (0; .+1,.+2)
reduce range(3) as $x (0,10; .+1)
reduce range(3) as $x (0; empty)
reduce range(3) as $x (0; if $x==1 then empty else .+1 end)
reduce empty as $x (0; .+1)
reduce range(3) as $x (empty; .+1)
foreach range(3) as $x (0; .+1,.+2)
foreach range(3) as $x (0; .+1,.+2; .,-.)
foreach range(3) as $x (0; empty)
foreach range(3) as $x (0; if $x==1 then empty else .+1 end)
foreach range(3) as $x (0; if $x==1 then empty else .+1 end; [$x,.])
foreach (1,2) as $x (0,10; .+$x; .,-.)
foreach (1,2) as $x (empty; .+$x; .,-.)
@json "a\(1,2)b\(3,4)"
"a\(1,2)b\(3,4)c\(5,6)"
error("x") // 1
(1,error("x")) // 2
(null,error("x"))//2
(1,null,2)//(3,4)
(null,false)//(3,4)
limit((1,2);range(5))
limit(1;1,error("x"))
first(1,error("x"))
isempty(empty),isempty(1)
isempty(1,error("x"))
nan==nan
nan<nan
nan>nan
nan<=nan
nan>=nan
nan!=nan
[nan,1,nan]|sort
[nan,1,nan]|unique
[nan,1,nan]|group_by(.)
[nan,1,nan]|min,max
[1,nan,1,nan]|min_by(.),max_by(.)
[nan,1,nan]|index(nan),index(1),indices(nan)
[nan]==[nan]
[nan]<[nan]
[nan]<=[nan]
[nan]>[nan]
{a:nan}=={a:nan}
{a:nan}<{a:nan}
[nan]|contains([nan])
[nan]|inside([nan])
[nan]-[nan]
[nan,1]-[nan]
nan<1, 1<nan, nan>1, 1>nan
[nan] < [1], [1] < [nan], [nan] > [1]
[nan]|bsearch(nan)
[1,nan,2]|sort_by(.)
[nan,nan]|unique_by(.)
[nan]|IN(nan), IN([nan])
nan|IN(nan)
[nan]|any,all
if nan then 1 else 2 end
nan|tostring,tojson,type,length
nan|floor,ceil,round,sqrt
nan|isnan,isinfinite,isnormal
infinite|floor,ceil,round
nan as $x | $x == $x
[nan,nan] | map(select(. == .))
"\ud83d\ude00"
"\ud83d\ude00x\u00e9"
"\ude00"
"x\u0000y"|length
null|has("a")
null|has(0)
null|reverse
has("a")
acos
add
all
any
arrays
ascii_downcase
ascii_upcase
asin
asinh
atan
atanh
booleans
ceil
combinations
cos
empty
erf
exp2
explode
expm1
fabs
finites
first
flatten
floor
frexp
fromdate
fromdateiso8601
infinite
isfinite
isinfinite
isnan
isnormal
iterables
keys
keys_unsorted
last
leaf_paths
length
log10
log1p
log2
logb
max
min
mktime
modf
nan
nearbyint
normals
not
nulls
numbers
objects
paths
recurse
recurse_down
rint
round
scalars
significand
sinh
sort
sqrt
strings
tan
tanh
to_entries
tojson
tostring
trunc
type
unique
utf8bytelength
values
y1
IN(1,"a",null)
IN(.[]?;1,"a")
INDEX(.[]?;.a?)
INDEX(.a?)
JOIN({"1":"x","a":"y"};tostring)
[JOIN({"1":"x","a":"y"};.[]?;tostring)]
[JOIN({"1":"x","a":"y"};.[]?;tostring;add?)]
all(. != null)
any(. == 1)
all(.[]?; . != null)
any(.[]?; . == 1)
capture("(?<x>a)(?<y>b)?")
capture("(?<x>a)(?<y>b)?";"g")
contains("a")
contains(["a"])
contains([])
contains({})
contains({a:1})
contains(1)
contains(null)
inside("abcdef")
inside([1,2,3,"a"])
inside({a:1,b:2})
in({"a":1,"b":2})
in([1,2])
del(.)
del(.a)
del(.[0])
del(.[0,1])
del(.[])
del(.[1:])
del(.[]?)
del(.a?,.b?)
del(..)
del(.[-1])
del(.[100])
del(.a.b.c)
del(.[0].a)
del(empty)
del(.[]|select(. == 1))
del(.. | select(. == 1))
delpaths([])
delpaths([["a"],["b"]])
delpaths([[0],[1]])
delpaths([[]])
delpaths([["a","b"]])
delpaths([[0,"a"]])
delpaths(1)
delpaths([1])
endswith("a")
startswith("a")
endswith(1)
startswith(null)
error("x")
error({a:1})
first(.[]?)
nth(0)
nth(1)
nth(-1)
nth("a")
nth(-1;.[]?)
flatten(0)
flatten(1)
flatten(-1)
format("text")
format("json")
format("csv")
format("tsv")
format("html")
format("sh")
format("base64")
@text
@json
@csv
@tsv
@html
@sh
@base64
@text "x\(.)y"
@json "x\(.)y"
@csv "x\(.)y"
@tsv "x\(.)y"
@html "x\(.)y<"
@sh "x\(.)y"
@base64 "x\(.)y"
getpath(["a"])
getpath([0])
getpath([])
getpath(["a","b","c"])
getpath([0,0,0])
getpath(["a",0])
getpath("a")
getpath([[1]])
path(.a)
path(.a[0])
path(..)
[path(.[]?)]
path(.a + 1)
path(first(.a,.b))
path(.a // .b)
path(if .a then .b else .c end)
path(select(.a?))
path(getpath(["a","b"]))
path(empty)
path(.[1:])
path(.[1:][0])
path(.a?)
path(try .a catch .b)
path(.a|select(.b))
path(recurse(.[]?;true))
path(limit(1;.[]?))
path(error("x"))
path(.a|getpath(["b"]))
path(label $f | .a, break $f)
path(def f: .a; f)
path(. as $x | .a)
path(.. | numbers)
path(to_entries)
path(map(.a))
paths(type == "number")
paths(..)
group_by(.a?)
group_by(.)
group_by(.a?,.b?)
group_by(type)
sort_by(.a?)
sort_by(.a?,.b?)
sort_by(-.a?)
unique_by(.a?)
unique_by(length?)
min_by(.a?)
max_by(.a?)
min_by(.a?,.b?)
has(0)
has(-1)
has(1.5)
has(null)
has("a","b")
index("a")
index(1)
index(",")
rindex("a")
rindex(1)
indices("a")
indices(1)
indices(", ")
isempty(.[]?)
isempty(empty)
join(",")
join("")
join(null)
join(1)
join(",","-")
ltrimstr("a")
ltrimstr(1)
rtrimstr("c")
rtrimstr("")
ltrimstr("a","ab")
map(.)
map(.a?)
map(empty)
map(.,.)
map_values(.)
map_values(.,1)
map_values(1,.)
map_values(type)
match("a")
match("a","b")
match(["A","i"])
match(["a","g"])
match("A";"i")
match("[a-z]+";"g")
[match("(a)|(b)";"g")|.captures|map(.string)]
match("a";null)
match("a";"gx")
match("a";"q")
match(["a"])
match([])
match(1)
match(["a",null])
test("a")
test(["A","i"])
test("A";"ix")
test(["a"])
test("\\d")
scan("[a-z]")
scan("([a-z])([a-z])")
scan(["A","i"])
split("")
split(",")
split(", *";null)
split("a";"g")
split("A";"gi")
splits(",")
splits("a";"g")
splits("A";"i")
split(1)
sub("a";"b")
sub("(?<x>[a-z])";"<\(.x)>")
sub("a";"b";"g")
sub("(?<x>a)";"1","2")
gsub("(?<x>[a-z])";"<\(.x)>")
gsub("$";"-")
gsub("a";"b";"i")
gsub("A";"b";"i")
gsub("[aeiou]";"")
gsub("\\s+";" ")
gsub("(?<l>a)|(?<m>b)";"\(.l)\(.m)")
sub("a";.)
gsub("a";"\\0")
gsub("(?<d>\\d)"; ":\(.d);")
pow(.;2)
atan2(.;1)
ldexp(.;2)
scalbln(.;2)
fma(.;2;3)
fmin(.;1)
fmax(.;1)
fmod(.;2)
hypot(.;1)
copysign(.;-1)
drem(.;2)
nextafter(.;10)
nexttoward(.;10)
fdim(.;1)
remainder(.;2)
[range(0;5;.)]
[range(.;5;2)]
[range(3;0)]
[range(0.5;3)]
[range(0;1;0.3)]
[range("a")]
recurse(.[]?)
recurse(.[]?; . != null)
[recurse(if type=="number" and . < 3 and . > 0 then .+1 else empty end)]
setpath(["a"];1)
setpath([0];1)
setpath([];1)
setpath(["a","b"];1)
setpath([0,0];1)
setpath([-1];1)
setpath([5];1)
setpath([null];1)
setpath("a";1)
setpath([{"start":1,"end":2}];[9])
setpath([1.7];9)
strftime("%A, %B %d, %Y %j %U %e %k %s %Z %%")
strptime("%Y-%m-%dT%H:%M:%SZ")
until(true;.)
[limit(3;repeat(1))]
[limit(-1;.[]?)]
[limit(null;.[]?)]
walk(.)
walk(if type=="array" then sort else . end)
walk(if type=="object" then del(.a) else . end)
walk(numbers)
walk(empty)
walk(1,2)
[while(type=="number" and .<5;.+1)]
with_entries(.key|=tostring)
with_entries(.key|=tostring|.value|=1)
with_entries(empty)
with_entries(.key |= "x"+tostring)
combinations(2)
[combinations(0)]
[splits("a|b")]
getpath(["a"])?
ltrimstr("x")
tojson|fromjson
[.[]?|tostring]
[.[]?|tojson]
min_by(.)
getpath(["b"]) = 3
limit(1;error("x"))
first(error("x"))
[.[]?] | add
any(.)
all(.)
getpath(1)
limit(2;.[]?)
tostream
[tostream]
fromstream(tostream)
[1|truncate_stream([[0],1],[[1,0],2],[[1,0]],[[1]])]
-1 - 2
-(1,2)
- .a?
1 - -1
1 as $x | 2, $x
[1 as $x | 2, 3]
[.[]? as $x | $x]
. as [$a,$b] | [$a,$b]
. as {a:$x} | $x
. as {a:$x, b:[$y,{c:$z}]} | [$x,$y,$z]
. as {$a, $b} | [$a,$b]
. as {("a","b"): $x} | $x
. as {"a": $x} | $x
. as {$a, ("a","b"): $x} | [$a,$x]
[[1,2],[3,4]] as [[$a],[$b]] | [$a,$b]
. as $x | [$x,$x]
{a:1 , b:2} | .a + .b
{a:1 | 2}
{"a b"}
{"a b":1}
{a,b}?
{(1,2|tostring):3}
{"x":1,"x":2}
{b:1,a:2}
{b:1,a:2}|keys_unsorted
{b:1,a:2}|tojson
{"b":1} + {"a":2}
{"a":{"b":1}} * {"a":{"c":2}}
{"a":{"b":1}} * {"a":2}
{} * {}
{a:1} * 2
0 * "ab"
"a" * 0.3
"abc" / "b", "abc" / "", "" / ",", "" / ""
[1,2,1] - [1], [] - [1], [1] - []
{} - {}
{} + null, null + {}, null + null, null + 1
1 + null, "a" + null, [] + null
1 / 3, 10 / 4, 1 / -3
5 % 3, -5 % 3, 5 % -3, 5.9 % 3.9, -5.9 % 3
5 % 0
1e308 * 10, -1e308 * 10
"\(1 + 2)"
"\("a" + "\(1)")"
"a\tb\u00e9\n\"\\\/"
"\u0041"
"\(null) \(true) \([1]) \({a:1}) \("x") \(1.5)"
@base64 "\(1)\("a")"
@sh "echo \("it's" , 1)"
@uri "?q=\("a b&c")"
@csv "\([1,"a\"b",null,true])"
@tsv "\(["a\tb","c\\d\n"])"
@html "<\("<&>'\"")>"
@json "x\([1,"a"])"
@text "\([1])"
.a."b"?
.["a"]?
."a"?
."a"."b"?
.a["b"]?
.a[0]?
.b[0,1]?
.b[-1:]?
.b[:1]?
.b[1:][0]?
.b[1.2:1.9]?
.b[null:1]?
.b["x"]?
.b[[1]]?
.[0:2]?
.s[1:]?
.s[:-1]?
.s[0]?
.s["a"]?
.b[]?
.b[].c?
.b[]?.c?
..
..?
[..|numbers]
[.. | .a?]
.. == 1
.[]?
try error("x") catch .
try error({a:1}) catch .a
try (1,error("x"),2) catch .
[.[]? | try tonumber catch "E"]
(try error("x") catch error("y"))?
try (try error("x") catch error("y")) catch .
error("x")?
[(1,error("x"),3)?]
try error("\(1+1)") catch .
.a.b.c?
(.a.b.c)?
.a?.b?
[.a,.b]|length
if null then 1 else 2 end
if (true,false) then 1 else 2 end
if empty then 1 else 2 end
if true then 1 elif true then 2 else 3 end
if 0 then 1 else 2 end
if "" then 1 else 2 end
if . == null then 1 elif .a? then 2 else 3 end
1 // 2, null // 2, false // 2, empty // 2, (null,1,false,2) // 3
.a // .b?
[.[]? // 1]
.a? // empty
(.a,.b)? // "d"
first(.a?,1) // 2
null // null
1 // error("x")
(false // false), (null // false)
1 == 1.0, "a" == "a", [1] == [1.0], {a:1} == {a:1.0}, {a:1,b:2} == {b:2,a:1}
1 < "a", [] < {}, null < false, false < true, true < 0, "a" < "b", "a" < "B", [1] < [1,0], [2] < [1,9], {a:1} < {b:0}, {a:2} < {a:1,b:0}, {} < {a:1}
"é" < "z", "é" < "ü", "a" < "é", "" < "a"
[3,"a",null,true,false,[1],{},{"a":1},[],1] | sort
[{"b":1},{"a":2},{"a":1,"b":0},{"a":1}] | sort
[{"a":1,"b":2},{"a":1,"c":0}] | sort, min, max
["b","a","C","é","z"] | sort
true and null, (true and 1), (null or false), (1 or error("x")), (false and error("x"))
(true,false) | not
[true,false | not]
[.[]?|not]
def f: 1; f
def f(x): x * 2; f(3)
def f($x): $x * 2; f(3)
def f($x; $y): [$x,$y]; [f(1,2;3,4)]
def f(x; y): [x,y]; [f(1,2;3,4)]
def f(x; $y): [x,$y]; [f(1,2;3,4)]
def f: def g: 3; g; f
def f(g): [g,g]; f(.)
def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; 10 | fac
def f($a): def g: $a + 1; g; f(3)
def f($a): a; f(3)
def f(x): x as $y | $y; f(1,2)
[recurse(if . == null then empty else null end)]|length
reduce (1,2,3) as $x (0; . + $x)
reduce empty as $x (0; . + $x)
reduce ([1,2],[3,4]) as [$a,$b] (0; . + $a * $b)
reduce .[]? as $x (null; $x)
reduce .[]? as {a:$a} (0; . + 1)?
foreach (1,2,3) as $x (0; . + $x)
foreach (1,2,3) as $x (0; . + $x; [$x,.])
[foreach (1,2,3) as $x (0; . + $x; select(. > 1))]
[foreach .[]? as $x (null; $x; .)]
[foreach ([1,2],[3,4]) as [$a,$b] (0; . + $a; $b)]
label $f | 1, break $f, 2
[label $f | range(10) | ., (select(. == 3) | break $f)]
label $a | label $b | 1, break $a, 2
[limit(3; range(10))]
[first(range(10))], [first(empty)]
[until(. == null or true; null)]
[range(3)], [range(1;3)], [range(0;10;3)], [range(3;0;-1)], [range(0;3;-1)]
.a = 1
.a? = 1
.x.y.z = 1
.b[0] = 9
.b[5] = 9
.b[-1] = 9
.b[-9] = 9
.b[1:] = [9]
.b[:1] = []
.b[1:2] = 1
.[0] = 1
.["a","x"] = 1
(.a,.x) = 1
(.a,.x) |= 1
.a |= (.,.)
.b |= (.[0] |= 5)
.b[] |= tostring
.a += 1
.a -= 1
.a *= 2
.a /= 2
.a %= 2
.a //= 5
.x //= 5
.x += 5
.x += .a
.a = .b
.a |= .b
.a = (.a + 1)
.a += (1,2)
.a = (1,2)
.b |= map(type)
.b |= length
.. |= .
.. |= (numbers |= . + 1)
(.. | numbers) |= . + 1
(.. | select(type == "number")) |= . + 1
.b |= map(select(. != 1))
.[]? = 1
.[]? |= 1
.[]? += 1
map_values(. + 1)?
.a as $x | .b | length + $x
(.a | . + 1) as $x | $x
if .a then .a = 2 else . end
.a |= if . == null then 0 else . + 1 end
(.a // .x) = 7
(.a // "x") |= 7
(if .a then .a else .x end) = 7
getpath(["a"]) = 7
getpath(["x","y"]) |= 7
(.a, .b) |= tojson
.a? |= 7
del(.a, .b)
del(.a) | del(.b)
del(.b[0], .b[1])
del(.b[] | select(. == 1))
del(.[] | nulls)?
del(.x.y)
del(.b[0:2])
del(.a?)
del(.[0]?)
delpaths([["a"],["b",0]])
[paths]
[leaf_paths]
[paths(..)]
[path(..)]
path(.a, .b)
path(.b[1:])
[path(.b[1:][])]?
"abc" | .[1:], .[:1], .[-1:], .[1:2]
"abc" | test("B";"i"), test("b"), (match("b")|.offset)
"aXbxc" | ascii_downcase, ascii_upcase, explode, (explode|implode)
"a,b, c" | split(","), split(", *";null), [splits(", *")]
"test" | ltrimstr("te"), rtrimstr("st"), startswith("te"), endswith("st")
"abc" | contains("b"), inside("xabcx"), index("c"), rindex("b"), indices("b")
[1,2,1,2] | indices([1,2]), indices(1), index(2), rindex(2), index([2,1])
[1,[1,2]] | contains([1]), contains([[1]]), contains([[3]]), inside([1,[1,2],3])
{"a":"foobar"} | contains({a:"bar"}), contains({}), contains({a:"x"}), contains({b:1})
"foobar" | contains("bar"), contains("")
["foobar"] | contains(["bar"]), contains([""]), contains([])
[null,1] | contains([null]), index(null)
[1,2,3] | first, last, nth(1), .[1:], reverse, add, min, max, any, all, length
[[1,2],[3,4]] | transpose, add, flatten, combinations
[[1],[2,3]] | transpose
[] | add, min, max, first, last, any, all, length, reverse, sort, unique, flatten, transpose
{} | add, length, keys, to_entries, any, all
[1,2,3,4] | .[1:3] = ["x"], .[:2] |= map(.*2), del(.[1:3]), .[2:1], .[-2:], .[10:], .[:-10]
"x" as $x | {$x, y: $x, "z\($x)": 1, ($x + "1"): 2}
{"a":1} | {a: .a, b: .a}
{a:(1,2)} | .a
{a: 1, b: empty}
[{a: 1}, {a: 2}] | map(.a), (map(.a) | add), group_by(.a), (.[] | .a)
[{a:1,b:1},{a:1,b:2},{a:0,b:3}] | group_by(.a), unique_by(.a), min_by(.b), max_by(.b), sort_by(.a), sort_by(.a, -.b)
[3,1,2] | sort_by(-.), max_by(-.), min_by(-.)
tojson, (tojson|fromjson)
"0x10", "", " ", "1 2", "{} []", "{a:1}", "'a'", "[1,]", "nul", "\"a\"", "[1,2] # x" | try fromjson catch "E"
{"a":[1,2,{"b":3}]} | [paths], [.. | scalars], [leaf_paths], tojson, (path(..)|tojson)
"Thu, 05 Mar 2015 23:51:47 +0100" | strptime("%a, %d %b %Y %H:%M:%S %z") | ., mktime
"1425599507" | strptime("%s")?
[2015,2,5,23,51,47.5,4,63] | mktime, todate, strftime("%Y-%m-%d")
[2015,2,5] | mktime?
[1,[2]] | getpath([1,0]), getpath([5,0]), getpath([])
[1,[2]] | setpath([1,0];9), setpath([3];9)
[[0,1],["a","b"]] | combinations
[2 | combinations(2)?]
[[0,1] | combinations(2)]
[splits("a")?]
[1,1,2] | unique, (group_by(.)|map(length)), (map({(tostring):1})|add)
[.[]?|type]
ascii_downcase?
@text, @json
[1,[2,[3]]] | flatten, flatten(1), flatten(0), (try flatten(-1) catch .), getpath([1,1,0])
walk(if type == "object" then with_entries(.value |= .) else . end)
walk(if type == "number" then . + 1 else . end)
[walk(.)]
.a.b.c
.[0].a
.["a"].b
1 as $x | [$x, (2 as $x | $x), $x]
[.a, .b] as [$x, $y] | {$x, $y}
. as {a: $x} | {x: $x}
.a as [$x] | $x
.b as [$x, {c: $y}] | [$x, $y]
[limit(5; repeat(1))]
[limit(5; 1 | repeat(. * 2))]
[1 | recurse(if . < 3 then . + 1 else empty end)]
[2 | recurse(. * .; . < 100)]
[1 | while(. < 10; . * 2)], [1 | until(. > 10; . * 2)]
isempty(empty), isempty(.[]?), isempty(1,2)
all(1,2; . > 0), any(1,2; . > 1), all(empty; false), any(empty; true)
[true, false] | all, any, all(.), any(not)
getpath(["a","b","c"])?
tojson | ascii_downcase
splits(",")?
[.[]?] | tostring
infinite, -infinite | tostring, floor?
[infinite, -infinite, nan] | sort, tojson
infinite == infinite, infinite > 1e308, -infinite < infinite
1, 1.0, 1.5, 100, 1e2, 1e10, 1e15, 1e16, 1e17, 123456789.123, 1e-3, 1e-7, 0.00001234 | . + 0
3.14159 | floor, ceil, round, sqrt, fabs, -., tostring
-1.5, -0.5, 0.5, 2.5, 1.5 | floor, ceil, round, trunc, rint, nearbyint
[1,2,3] | IN(2), IN(.[]; 2, 5)
2 | IN(1,2), IN(empty)
[[1,"a"],[2,"b"]] | INDEX(.[0]), (map({(.[1]): .[0]}) | add)
"abc" | sub("(?<x>b)"; "[\(.x)]"), gsub("[ac]"; "-"), gsub("(?<a>.)"; "\(.a)\(.a)"), [match("(.)(.)").captures[].string], capture("(?<first>.)(?<rest>.*)")
"aAbB" | gsub("a"; "x"; "i"), [scan("[a-z]")], [scan("([a-z])([A-Z])")], [match("[A-Z]"; "g").offset], test("^a"), test("\\s")
"a\nb" | [match("^."; "g").string], [match("(?m)^b").string], [match(".b"; "s").string], [match("a.b").string]
"é" | ascii_downcase, ascii_upcase, test("É"; "i")
"\u0000\u001f\u007f\u2028" | tojson, length
@base64 "\("é")", ("w6k=" | @base64d)
[1,2] | @csv, @tsv, @sh, @json, @text, @html
[null,true,1.5,"a b'c"] | @csv, @tsv, @sh
{"a":1} | try @sh catch "E"
[[1]] | try @csv catch "E", try @tsv catch "E", try @sh catch "E"
1 | @base64, @html, @uri, @sh
"x" | error?
limit(1; 5, error("x"))
try limit(1; error("x")) catch .
[.[]? | select(type == "object") | .a] | add
map(select(.a? > 1))?
[paths(type == "number")]
path(..) | tojson
{a: {b: 1}} | .a.b |= . + 1, (.a |= with_entries(.value += 1)), del(.a.b), (.a["b"] = 5), (.a.c.d = 1)
{"a":[1,2]} | .a[1:] = [5,6], .a += [3], (.a |= . + [4]), .a[0] += 10, (.a | .[length] = 9)
[1,2,3] | (.[] | select(. > 1)) |= . * 10, (.[1:] |= map(. + 1)), (first |= 9), (last |= 9), (.[0],.[2]) = 0
{} | .a += 1, .a -= 1, .a *= 2, (.a //= 3), .["x"] = 1, ."y" = 2, .a.b.c += "s"
null | .a, .[0], .[1:], .["x"], .a.b, (.a = 1), (.[2] = 1), (.[1:] = [1]), length, (. + 1), keys?, .[]?, not, tojson
try ({} + 1) catch ., try ([] - {}) catch ., try ("a" - "b") catch ., try ([] * 2) catch ., try ({} / 1) catch ., try (1 % "a") catch ., try -"a" catch .
try ([1] | join(",")) catch ., try ([[1]] | join(",")) catch ., try ([{}] | join(",")) catch ., try ([1,null,"a",true] | join("-")) catch .
try ({a:1} | has(0)) catch ., try ([1] | has("a")) catch ., try ("a" | has("a")) catch ., try (1 | has(0)) catch .
try ("abc" | fromjson) catch "E", try ("a" | tonumber) catch "E", try ([] | tonumber) catch "E", try ("1" | tonumber) catch "E"
try ([1,2] | implode) catch "E", try ("a" | implode) catch "E", try (1 | explode) catch "E", try (1 | ltrimstr("a")) catch "E", try (1 | split(",")) catch "E", try (1 | test("a")) catch "E", try (1 | ascii_downcase) catch "E", try (1 | startswith("a")) catch "E"
try (null | length) catch "E", try (true | length) catch "E", (-5 | length), ("é" | length), ([1,2]|length), ({a:1}|length)
try ([3,1] | sort_by(.a)) catch "E", try ({} | sort) catch "E", try ("a" | sort) catch "E", try (null | sort) catch "E", try (null | unique) catch "E", try (null | group_by(.)) catch "E", try (null|min) catch "E", try (null|add) catch "E", try (1|flatten) catch "E", try ({}|flatten) catch "E", try ({"a":[1]}|flatten) catch "E", try ({a:1}|any) catch "E", try ({a:1}|add) catch "E", try ({a:1}|map(.)) catch "E", try ({a:1}|min) catch "E", try ({a:2}|first) catch "E", try ("abc"|first) catch "E", try ({a:1}|reverse) catch "E"
reduce .[]? as [$a, $b] (0; . + 1)?
.foo.bar?.baz?
."foo"?."bar"?
.a."b"."c"?
."a"["b"]?
{"if":1}|.if
{if:1}?
{and:1}|.and
.and?
{a:1}.a
[1,2][0]
"abc"[1:]
{a:[1]}.a[0]
(1,2)[0]?
1[0]?
{"a":1}["a"]
{"a":1}."a"
.a as $x | .b as $y | [$x,$y]
[.a,.b][1]?
reduce range(5) as $i ([]; . + [$i * $i]) | .[2:]
if . then . else . end | type
def f: .a?; def g: f | tojson; g
def f(a; b): a + b; f(1; 2)
def map2(f): [.[]? | f]; map2(type)
def f: reduce .[]? as $x (0; . + 1); f
1 # comment
1 as $a | 2 as $b | [$a, $b] | map(. + $a)
try error("x") // 1
[.[]? as {a: $x} | $x]?
try ([.[]? as {a: $x} | $x]) catch "E"
.. as $x | $x | numbers
.a, .b | type
(.a, .b) | type
.a + 1 | . * 2
.a + 1, .a * 2
.a and .b, .a or .b
.a == 1 and .b != 2
[1,2] | .[0] < .[1]
.a < 2 and (.b | length) > 1
not | not
-1 | -.
-(1 + 2)
[-1, - 1, -(1)]
1 + -1
2 * -3
[.[]?|-(1)]
0 | cosh, cbrt, exp, exp10, sin, erfc, log1p
1 | acosh, log, lgamma, gamma, tgamma, lgamma_r, cbrt
0 | j0, j1
(1 | y0 < 0.1), (1 | y0 > 0)
1.5 | lgamma_r[1], frexp, modf, trunc, significand, logb
1425599507 | todate, gmtime, todateiso8601, (gmtime | mktime), strftime("%Y-%m-%d")
[65, 233, 128512] | implode
"12", " 12 ", "007", "+5", ".5", "5.", "-1.25" | tonumber
"[1,{\"a\":\"b\"}]", "null", "\"x\"" | fromjson
[1, [2]] | tostream
[[1, [2]], {a: {b: 3}}, [], {}, 5] | .[] | [tostream], fromstream(tostream)
fromstream(1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]]))
[.[]? | tostream]
[1, 2, 3] | reverse, (null | reverse), ([] | reverse)
[1 | limit(3; repeat(. * 2))]
[2, 3] | pow(.[0]; .[1]), atan2(0; 1), fmin(.[0]; .[1])
[first(range(10)), last(range(10)), nth(5; range(10))]
(1, 2) as $x | (3, 4) as $y | [$x, $y]
[range(0, 1; 3, 4)]
[.[]?, .[]?] | length
"\(1, 2)\(3, 4)\(5, 6)", @json "\(1, 2) \("a", "b")"
def f(g): g + g; f(1, 2)
[(1, 2) + (10, 20) * (3, 4)]
[-(1, 2) - (3, 4)]
(1, 2) == (2, 1), ((1, 2) < (2, 1))
[limit(5; (1, 2) + (10, 20))]
{(("a", "b")): (1, 2), c: ("x", "y")}
[[1, 2], [3, 4]] | .[][0, 1], .[0, 1][1, 0], path(.[][0, 1])
[[1, 2], [3, 4]] | .[][0:1, 2], .[0, 1][(0, 1):(1, 2)]
{a: {b: 1, c: 2}} | .a["b", "c"], .["a"]["b", "c"], (.a["b", "c"] |= . + 1)
reduce (1, 2) as $x (0, 10; . + $x, . * $x)
[foreach (1, 2, 3) as $x (0, 10; . + $x, . * $x; [$x, .])]
[foreach (1, 2, 3) as [$x] (0; empty; .)]
[foreach (1, 2, 3) as $x (0; select($x != 2) | . + 1)]
reduce .[]? as $x (0; select($x != null) | . + 1)
[label $out | foreach (1, 2, 3) as $x (0; . + $x; if . > 2 then ., break $out else . end)]
"A" | test(["a", "i"]), [match(["a", "gi"]).offset], test(["A"]), match(["A", null]).string, capture(["(?<x>a)", "i"])
"a\nb" | test("a.b"), test("a.b"; "s"), test("a.b"; "p"), test("^b"), test("a$"), test("A B"; "xi")
["YQ", "YWI", "YWJj", "YQ==", "YWI=", "Y"] | map(try @base64d catch "fails")
try ({} | @csv) catch "fails", try ("a" | @tsv) catch "fails"
[1, "a b"] | format("csv"), format("tsv"), format("sh"), format("json", "text")
JOIN({"1": "x"}; tostring)?
[1, 2] | [JOIN({"1": "x"}; tostring)], [JOIN({"1": "x"}; .[]; tostring)], [JOIN({"1": "x"}; .[]; tostring; .[1])]
[nan] == [nan], [nan] < [nan], {a: nan} == {a: nan}, [nan] - [nan], nan == nan, nan < nan
[nan, 1, nan] | sort, unique, group_by(.), min, max, index(nan)
[[nan, 1], [nan, 0]] | unique | length
"\ud83d\ude00", "\u00e9" | length, explode
[{"key": "a", "value": 1}, {"name": "b", "value": null}] | from_entries
3 | scalb(.; 2)
2 * 7 % 4
7 % 4 * 2 / 3
.a = .b // 0
1 + 2 as $x | -$x
[1, 2 * 3 as $x | $x, 4 | . + 5]
[.a or .b and .c == 1 + 2]
[(1 + 2) * 3 % 4, (.a // .b // 3) + 1]
