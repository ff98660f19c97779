{{- define "policies.labels" -}}
app.kubernetes.io/name: kyverno-policies
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
catalyst.openova.io/blueprint: {{ .Chart.Name }}
{{- end }}
