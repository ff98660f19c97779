{{- define "claims.labels" -}}
app.kubernetes.io/name: crossplane-claims
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
catalyst.openova.io/blueprint: {{ .Chart.Name }}
{{- end }}
