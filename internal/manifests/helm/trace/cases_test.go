package trace

func one(text string) map[string]string { return map[string]string{"x.yaml": text} }

func two(text, helpers string) map[string]string {
	return map[string]string{"x.yaml": text, "_h.tpl": helpers}
}

var cases = []testCase{
	{"literal", one("kind: Service\nspec:\n\n  a: 1\n"), "", `
kind: Service | x:1 | |
spec: | x:2 | |
  a: 1 | x:4 | |
`},
	{"direct", one("image: {{ .Values.image.tag }}\n"), "image: {tag: v1}", `
image: v1 | x:1 | image.tag! |
`},
	{"quoted", one("a: {{ .Values.a | quote }}\nb: {{ squote $.Values.b }}\n"), "{a: x, b: 5}", `
a: "x" | x:1 | a! |
b: '5' | x:2 | b! |
`},
	{"default", one("a: {{ .Values.a | default \"x\" }}\nb: {{ default .Values.c .Values.b }}\nd: {{ .Values.d | default 3 }}\n"), "{a: w, b: '', c: z}", `
a: w | x:1 | a! |
b: z | x:2 | c! b |
d: 3 | x:3 | |
`},
	{"toYaml", one("spec:\n  {{- toYaml .Values.s | nindent 2 }}\nend: 1\n"), "s: {b: [1, {x: w, z: [2]}], a: {c: d}, t: \"l1\\nl2\\n\", e: {}, f: []}", `
spec: | x:1 | |
  a: | x:2 | s.a |
    c: d | x:2 | s.a.c! |
  b: | x:2 | s.b |
  - 1 | x:2 | s.b.0! |
  - x: w | x:2 | s.b.1.x! |
    z: | x:2 | s.b.1.z |
    - 2 | x:2 | s.b.1.z.0! |
  e: {} | x:2 | s.e |
  f: [] | x:2 | s.f |
  t: | | x:2 | s.t |
    l1 | x:2 | s.t! |
    l2 | x:2 | s.t! |
end: 1 | x:3 | |
`},
	{"toYaml of a list", one("{{ toYaml .Values.l }}\n"), "l: [a, {b: c}, [d, e]]", `
- a | x:1 | l.0! |
- b: c | x:1 | l.1.b! |
- - d | x:1 | l.2.0! |
  - e | x:1 | l.2.1! |
`},
	{"toJson", one("a: {{ toJson .Values.m }}\n{{ toPrettyJson .Values.m }}\n"), "m: {a: 1, b: {c: [2, 3]}}", `
a: {"a":1,"b":{"c":[2,3]}} | x:1 | m |
{ | x:2 | m |
  "a": 1, | x:2 | m.a! |
  "b": { | x:2 | m.b |
    "c": [ | x:2 | m.b.c |
      2, | x:2 | m.b.c.0! |
      3 | x:2 | m.b.c.1! |
    ] | x:2 | m.b.c |
  } | x:2 | m.b |
} | x:2 | m |
`},
	{"include", two("metadata:\n  labels:\n    {{- include \"labels\" . | nindent 4 }}\nname: {{ include \"name\" . }}\n",
		"{{- define \"name\" -}}\n{{ .Release.Name }}-{{ .Values.name }}\n{{- end }}\n{{- define \"labels\" -}}\napp: {{ include \"name\" . }}\nteam: {{ .Values.team }}\n{{- end }}\n"),
		"{name: web1, team: infra}", `
metadata: | x:1 | |
  labels: | x:2 | |
    app: demo-web1 | _h:5 x:3 | name! |
    team: infra | _h:6 x:3 | team! |
name: demo-web1 | x:4 | name! |
`},
	{"include with a dict", two("{{ include \"c\" (dict \"name\" .Values.a \"sub\" .Values.b \"root\" $) }}\n",
		"{{ define \"c\" -}}\nname: {{ .name }}\nport: {{ .sub.port }}\nz: {{ .root.Values.z }}\n{{- end }}"), "{a: x, b: {port: 80}, z: q}", `
name: x | _h:2 x:1 | a! |
port: 80 | _h:3 x:1 | b.port! |
z: q | _h:4 x:1 | z! |
`},
	{"template", two("{{ template \"t\" .Values.a }}\n", "{{ define \"t\" }}v: {{ .x }}{{ end }}"), "a: {x: 1}", `
v: 1 | _h:1 x:1 | a.x! |
`},
	{"tpl", one("a: {{ tpl .Values.t . }}\n{{ tpl (toYaml .Values.m) . }}\n{{ tpl (.Files.Get \"f.txt\") . }}\n"),
		"{t: 'hi {{ .Values.who }}!', who: bob, m: {k: '{{ .Values.who }}', l: plain}}", `
a: hi bob! | x:1 | t who! |
k: 'bob' | x:2 | m.k who! |
l: plain | x:2 | m.l! |
`},
	{"range over a list", one("{{- range $i, $e := .Values.l }}\n- {{ $e }} {{ $i }}\n{{- end }}\n{{- range .Values.l }}\n- {{ . }}\n{{- end }}\n"), "l: [x, w]", `
- x 0 | x:2 | l.0! | 1(l)
- w 1 | x:2 | l.1! | 1(l)
- x | x:5 | l.0! | 4(l)
- w | x:5 | l.1! | 4(l)
`},
	{"range over maps", one("{{- range $k, $v := .Values.m }}\n{{ $k }}: {{ $v.num }}\n{{- end }}\n{{- range .Values.lm }}\n- {{ .num | quote }}\n{{- end }}\n"), "{m: {a: {num: 1}, b: {num: 2}}, lm: [{num: 3}]}", `
a: 1 | x:2 | m.a m.a.num! | 1(m)
b: 2 | x:2 | m.b m.b.num! | 1(m)
- "3" | x:5 | lm.0.num! | 4(lm)
`},
	{"with and else", one("{{- with .Values.a }}\na: {{ .b }}\n{{- else }}\nnone: 1\n{{- end }}\n{{- with .Values.no }}\nx: 1\n{{- else }}\nno: 2\n{{- end }}\n"), "{a: {b: 1}}", `
a: 1 | x:2 | a.b! | 1(a)
no: 2 | x:9 | | 6()
`},
	{"variables", one("{{- $a := .Values.a }}\n{{- $b := \"\" }}\n{{- if .Values.enabled }}{{ $b = .Values.b }}{{ end }}\na: {{ $a }}\nb: {{ $b }}-{{ $a }}\n"), "{a: x, b: w, enabled: true}", `
a: x | x:4 | a! |
b: w-x | x:5 | b! enabled a! |
`},
	{"choice", one("a: {{ ternary .Values.x .Values.w .Values.enabled }}\nb: {{ coalesce .Values.none .Values.w }}\nc: {{ or .Values.none .Values.x }}\nd: {{ required \"m\" .Values.x }}\n"), "{x: 1, w: 2, enabled: true, none: ''}", `
a: 1 | x:1 | x! enabled |
b: 2 | x:2 | w! |
c: 1 | x:3 | x! |
d: 1 | x:4 | x! |
`},
	{"printf", one("image: {{ printf \"%s/%s:%v\" .Values.reg .Values.repo .Values.tag }}\nn: {{ printf \"%05d\" (int .Values.num) }}\n"), "{reg: r.io, repo: web, tag: 1.5, num: 42}", `
image: r.io/web:1.5 | x:1 | reg! repo! tag! |
n: 00042 | x:2 | num |
`},
	{"nested includes", two("{{ include \"a\" . }}\n", "{{ define \"a\" }}a: {{ include \"b\" . }}\n{{ include \"c\" . | indent 2 }}{{ end }}\n{{ define \"b\" }}b{{ end }}\n{{ define \"c\" }}{{ include \"d\" . }}{{ end }}\n{{ define \"d\" }}deep: {{ .Values.x }}{{ end }}"), "x: 1", `
a: b | _h:1 x:1 | |
  deep: 1 | _h:5 _h:4 _h:2 x:1 | x! |
`},
	{"multi-line value", one("data: |\n{{ .Values.text | indent 2 }}\nafter: 1\n"), "text: \"one\\ntwo\\n\\nthree\"", `
data: | | x:1 | |
  one | x:2 | text! |
  two | x:2 | text! |
  three | x:2 | text! |
after: 1 | x:3 | |
`},
	{"whitespace", one("a: 1\n\n  {{- if true }}\n\n  b: 2\n  {{- end }}\n{{/* c */ -}}\n\nc: 3\n"), "", `
a: 1 | x:1 | |
  b: 2 | x:5 | | 3()
c: 3 | x:9 | |
`},
	{"folded in a variable", two("{{- $x := include \"v\" . }}\na: 1\nb: {{ $x | upper }}\n", "{{ define \"v\" }}\n{{- .Values.v -}}\n{{ end }}"), "v: abc", `
a: 1 | x:2 | |
b: ABC | x:3 | v |
`},
	{"fromYaml of an include", two("{{- $m := include \"m\" . | fromYaml }}\nport: {{ $m.svc.port }}\nname: {{ $m.name }}\n{{ toYaml $m.svc }}\n",
		"{{ define \"m\" }}\nname: {{ .Values.name }}\nsvc:\n  port: {{ .Values.port }}\n  type: X\n{{ end }}"), "{name: web1, port: 80}", `
port: 80 | x:2 | port! |
name: web1 | x:3 | name! |
port: 80 | x:4 | port! |
type: X | _h:5 x:1 x:4 | |
`},
	{"merge", one("{{- $m := merge (dict) .Values.a .Values.b }}\nx: {{ $m.x }}\ny: {{ $m.w }}\nz: {{ $m.in.z }} {{ $m.in.w }}\n{{- $o := mergeOverwrite (deepCopy .Values.a) .Values.b }}\n{{ toYaml $o }}\n"),
		"{a: {x: 1, in: {z: 2}}, b: {x: 3, w: 4, in: {w: 5}}}", `
x: 1 | x:2 | a.x! |
y: 4 | x:3 | b.w! |
z: 2 5 | x:4 | a.in.z! b.in.w! |
in: | x:6 | a.in |
  w: 5 | x:6 | b.in.w! |
  z: 2 | x:6 | a.in.z! |
w: 4 | x:6 | b.w! |
x: 3 | x:6 | b.x! |
`},
	{"pick, omit, set", one("{{ toYaml (pick .Values.m \"a\") }}\n{{ omit .Values.m \"a\" | toYaml }}\n{{- $d := dict \"k\" .Values.num }}{{ $_ := set $d \"l\" .Values.m.b }}\n{{ toYaml $d }}\n{{- $_ := set .Values.m \"b\" \"const\" }}\nb: {{ .Values.m.b }}\n"), "{m: {a: 1, b: 2, c: 3}, num: 4}", `
a: 1 | x:1 | m.a! |
b: 2 | x:2 | m.b! |
c: 3 | x:2 | m.c! |
k: 4 | x:4 | num! |
l: 2 | x:4 | m.b! |
b: const | x:6 | |
`},
	{"lists", one("{{- $l := prepend (append .Values.l \"z\") .Values.p }}\n{{- range $l }}\n- {{ . }}\n{{- end }}\nj: {{ join \",\" .Values.l }}\nf: {{ first .Values.l }} {{ index .Values.l 1 }}\n{{ concat .Values.l (list .Values.p) | uniq | toYaml }}\n"), "{l: [a, b], p: c}", `
- c | x:3 | p! | 2(p l.0 l.1)
- a | x:3 | l.0! | 2(p l.0 l.1)
- b | x:3 | l.1! | 2(p l.0 l.1)
- z | x:3 | | 2(p l.0 l.1)
j: a,b | x:5 | l.0! l.1! |
f: a b | x:6 | l.0! l.1! |
- a | x:7 | l.0! |
- b | x:7 | l.1! |
- c | x:7 | p! |
`},
	{"index and get", one("a: {{ index .Values \"m\" \"k-1\" }}\nb: {{ get .Values.m \"k-1\" }}\nc: {{ dig \"k-1\" \"d\" .Values.m }}\nd: {{ (index .Values.l 0).x }}\n"), "{m: {k-1: v}, l: [{x: 9}]}", `
a: v | x:1 | m.k-1! |
b: v | x:2 | m.k-1! |
c: v | x:3 | m.k-1! |
d: 9 | x:4 | l.0.x! |
`},
	{"conditions", one("{{- if and .Values.a (eq .Values.b \"x\") }}\none: 1\n{{- if .Values.c }}\ntwo: 2\n{{- end }}\n{{- else if .Values.a }}\nthree: 3\n{{- end }}\nfour: 4\n"), "{a: true, b: x, c: 1}", `
one: 1 | x:2 | | 1(a b)
two: 2 | x:4 | | 3(c) 1(a b)
four: 4 | x:9 | |
`},
	{"condition in a helper", two("{{- if include \"on\" . }}\na: 1\n{{- end }}\n", "{{ define \"on\" }}{{ if .Values.enabled }}true{{ end }}{{ end }}"), "enabled: true", `
a: 1 | x:2 | | 1(enabled)
`},
	{"hash", one("sum: {{ toYaml .Values.l | sha256sum }}\nlen: {{ len .Values.l }}\n"), "l: [1, 2]", `
sum: ef1ef83fd26e1fe439ef0735e5052f48b917dee7cb3edc764a1d513bdf59dd1b | x:1 | l.0 l.1 |
len: 2 | x:2 | l |
`},
	{"several files", map[string]string{"x.yaml": "a: {{ include \"shared\" . }}\n", "y.yaml": "{{ define \"shared\" }}from y{{ end }}y: 1\n"}, "", `
a: from y | x:1 | |
`},
	{"empty values", one("a: {{ .Values.a }}\nb: \"{{ .Values.a }}\"\nc: {{ .Values.a | quote }}\nd: {{ .Values.missing | quote }}\n"), "a: ''", `
a:  | x:1 | a |
b: "" | x:2 | a |
c: "" | x:3 | a |
d:  | x:4 | |
`},
	{"block scalar of literals", one("data:\n  run.sh: |\n    #!/bin/sh\n    echo {{ .Values.x }}\n\n    exit 0\n"), "x: hi", `
data: | x:1 | |
  run.sh: | | x:2 | |
    #!/bin/sh | x:3 | |
    echo hi | x:4 | x! |
    exit 0 | x:6 | |
`},
	{"a library's merge", two("{{- include \"lib.merge\" (list . \"over\" \"base\") }}\n",
		"{{ define \"lib.merge\" }}{{ $top := first . }}{{ $over := fromYaml (include (index . 1) $top) }}{{ $base := fromYaml (include (index . 2) $top) }}{{ toYaml (merge $over $base) }}{{ end }}\n{{ define \"over\" }}\nmeta:\n  name: {{ .Values.name }}\n{{ end }}\n{{ define \"base\" }}\nmeta:\n  name: base\n  ns: {{ .Values.space }}\nkind: X\n{{ end }}\n"), "{name: web1, space: prod1}", `
kind: X | _h:10 _h:1 x:1 | |
meta: | _h:1 x:1 | |
  name: web1 | _h:4 _h:1 x:1 | name! |
  ns: prod1 | _h:9 _h:1 x:1 | space! |
`},
	{"rendered values", two("spec:\n{{- include \"render\" (dict \"value\" .Values.extra \"context\" $) | nindent 2 }}\n{{- if .Values.text }}\n  {{- include \"render\" (dict \"value\" .Values.text \"context\" $) | nindent 2 }}\n{{- end }}\n",
		"{{ define \"render\" -}}\n{{- $value := typeIs \"string\" .value | ternary .value (.value | toYaml) }}\n{{- if contains \"{{\" (toJson .value) }}\n{{- tpl $value .context }}\n{{- else }}\n{{- $value }}\n{{- end }}\n{{- end }}"),
		"{extra: {a: '{{ .Values.who }}', b: {c: 1}}, text: \"x: 1\\nw: {{ .Values.who }}\", who: bob}", `
spec: | x:1 | |
  a: 'bob' | _h:4 x:2 | extra.a who! | 3(extra)
  b: | _h:4 x:2 | extra.b | 3(extra)
    c: 1 | _h:4 x:2 | extra.b.c! | 3(extra)
  x: 1 | _h:4 x:4 | text! | 3(text) 3(text)
  w: bob | _h:4 x:4 | text who! | 3(text) 3(text)
`},
	{"labels from a map", two("{{ include \"l\" . }}\n", "{{ define \"l\" }}{{ range $k, $v := .Values.labels }}\n{{ $k }}: {{ $v | quote }}\n{{- end }}{{ with .Values.more }}{{ toYaml . | nindent 0 }}{{ end }}{{ end }}"), "{labels: {a: 1}, more: {b: c}}", `
a: "1" | _h:2 x:1 | labels.a! | 1(labels)
b: c | _h:3 x:1 | more.b! | 3(more)
`},
	{"env list", one("env:\n{{- range $name, $value := .Values.env }}\n- name: {{ $name | upper }}\n  value: {{ tpl ($value | toString) $ | quote }}\n{{- end }}\n{{- toYaml .Values.extra | nindent 0 }}\n"), "{env: {a: 1, b: '{{ .Values.z }}'}, extra: [{name: c, value: d}], z: zed}", `
env: | x:1 | |
- name: A | x:3 | env.a | 2(env)
  value: "1" | x:4 | env.a! | 2(env)
- name: B | x:3 | env.b | 2(env)
  value: "zed" | x:4 | z! env.b | 2(env)
- name: c | x:6 | extra.0.name! |
  value: d | x:6 | extra.0.value! |
`},
	{"ports", one("{{- range $i, $p := .Values.ports }}\n{{- if $p.on }}\n- port: {{ $p.port | int }}\n  name: {{ printf \"%s-%d\" $p.name $i | trunc 63 | trimSuffix \"-\" }}\n{{- end }}\n{{- end }}\n"), "{ports: [{\"on\": true, port: 80, name: http}]}", `
- port: 80 | x:3 | ports.0.port! | 2(ports.0.on) 1(ports)
  name: http-0 | x:4 | ports.0.name! | 2(ports.0.on) 1(ports)
`},
	{"merged defaults", one("{{- $c := mergeOverwrite (dict \"a\" 1 \"b\" (dict \"c\" 2)) (.Values.over | default dict) }}\n{{- range tuple \"a\" \"b\" }}\n{{ . }}: {{ get $c . | toJson }}\n{{- end }}\n{{ $c.b.d }}\n"), "{over: {b: {d: 4}}}", `
a: 1 | x:3 | | 2()
b: {"c":2,"d":4} | x:3 | over.b.d! | 2()
4 | x:5 | over.b.d! |
`},
}
