{{- define "gateway.labels" -}}
app.kubernetes.io/name: gateway
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
catalyst.openova.io/blueprint: {{ .Chart.Name }}
{{- end }}

{{- define "gateway.fqdn" -}}
{{- required "sovereign.fqdn: the domain of the Sovereign" .Values.sovereign.fqdn -}}
{{- end }}
