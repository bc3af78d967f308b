{{- define "landwaiter.selector" -}}
app.kubernetes.io/name: landwaiter
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "landwaiter.labels" -}}
{{ include "landwaiter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "landwaiter.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}
