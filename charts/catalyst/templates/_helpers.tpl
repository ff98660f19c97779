{{- define "catalyst.labels" -}}
{{ include "catalyst.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
catalyst.openova.io/blueprint: bp-catalyst-platform
{{- end }}

{{- define "catalyst.selector" -}}
app.kubernetes.io/name: catalyst
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "catalyst.fqdn" -}}
{{- required "sovereign.fqdn: the domain of the Sovereign" .Values.sovereign.fqdn -}}
{{- end }}

{{- define "catalyst.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- define "catalyst.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65534
runAsGroup: 65534
fsGroup: 65534
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "catalyst.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Servers and workers sign in to the database by themselves and may not change its tables. */}}
{{- define "catalyst.databaseEnv" -}}
- name: CATALYST_DATABASE_URL
  valueFrom:
    secretKeyRef:
      {{- if .Values.database.enabled }}
      name: {{ .Release.Name }}-db-server
      key: uri
      {{- else }}
      name: {{ required "database.existingSecret: the Secret with the database's URLs" .Values.database.existingSecret }}
      key: {{ .Values.database.key }}
      {{- end }}
{{- end }}

{{- /* The tables' owner, for the migration Job alone. */}}
{{- define "catalyst.ownerEnv" -}}
- name: CATALYST_DATABASE_OWNER_URL
  valueFrom:
    secretKeyRef:
      {{- if .Values.database.enabled }}
      # CloudNativePG makes it.
      name: {{ .Release.Name }}-db-app
      key: uri
      {{- else }}
      name: {{ .Values.database.existingSecret }}
      key: {{ .Values.database.ownerKey }}
      {{- end }}
{{- end }}

{{- define "catalyst.logEnv" -}}
- name: CATALYST_LOG
  value: {{ .Values.log.level | quote }}
- name: CATALYST_LOG_FORMAT
  value: {{ .Values.log.format }}
{{- end }}

{{- /* What servers and workers are told; the rest of .env.example has its defaults. */}}
{{- define "catalyst.env" -}}
- name: CATALYST_PUBLIC_URL
  value: {{ printf "https://%s.%s" .Values.publicHost (include "catalyst.fqdn" .) }}
- name: CATALYST_LISTEN
  value: 0.0.0.0:3000
- name: CATALYST_TRUSTED_PROXIES
  value: {{ .Values.trustedProxies | quote }}
- name: CATALYST_DATA_DIR
  value: /var/lib/catalyst
- name: CATALYST_APPS_DOMAIN
  value: {{ printf "apps.%s" (include "catalyst.fqdn" .) }}
- name: CATALYST_SERVER_KEY_FILE
  value: /run/catalyst/server.key
{{ include "catalyst.databaseEnv" . }}
- name: CATALYST_DATABASE_CONNECTIONS
  value: {{ .Values.database.connections | quote }}
# Not optional: without it the program does not start, because links to sign in would be lost. The kubelet
# looks again until somebody has said how mail leaves.
- name: CATALYST_SMTP_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.mail.secretName }}
      key: {{ .Values.mail.key }}
{{- with .Values.mail.from }}
- name: CATALYST_MAIL_FROM
  value: {{ . | quote }}
{{- end }}
{{ include "catalyst.logEnv" . }}
{{- if .Values.nats.enabled }}
- name: CATALYST_NATS_URL
  value: {{ .Values.nats.url }}
- name: CATALYST_NATS_REPLICAS
  value: {{ .Values.nats.replicas | quote }}
{{- end }}
{{- if .Values.otel.enabled }}
- name: CATALYST_OTLP_ENDPOINT
  value: {{ required "otel.endpoint: where the collector listens" .Values.otel.endpoint }}
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- /* Numbers have a port of their own, that the Gateway does not know. */}}
{{- define "catalyst.metricsEnv" -}}
- name: CATALYST_METRICS_LISTEN
  value: 0.0.0.0:9464
{{- end }}

{{- define "catalyst.metricsPort" -}}
- name: metrics
  containerPort: 9464
{{- end }}

{{- define "catalyst.observabilityLabels" -}}
{{ include "catalyst.labels" . }}
{{- with .Values.observability.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* The program refuses a key that others could read. A Secret's file belongs to root, or with fsGroup to
the group: so it is copied, by the program's own user, into memory. */}}
{{- define "catalyst.keyContainer" -}}
- name: server-key
  image: {{ include "catalyst.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [install, -m, "0600", {{ printf "/run/secrets/catalyst/%s" .Values.serverKey.key }}, /run/catalyst/server.key]
  securityContext:
    {{- include "catalyst.containerSecurity" . | nindent 4 }}
  resources:
    requests: { cpu: 5m, memory: 8Mi }
    limits: { memory: 32Mi }
  volumeMounts:
    - { name: server-key-source, mountPath: /run/secrets/catalyst, readOnly: true }
    - { name: server-key, mountPath: /run/catalyst }
{{- end }}

{{- define "catalyst.mounts" -}}
- { name: server-key, mountPath: /run/catalyst, readOnly: true }
- { name: data, mountPath: /var/lib/catalyst }
- { name: tmp, mountPath: /tmp }
{{- end }}

{{- define "catalyst.volumes" -}}
- name: server-key-source
  secret:
    secretName: {{ .Values.serverKey.secretName }}
    defaultMode: 288 # 0440
- name: server-key
  emptyDir: { medium: Memory, sizeLimit: 1Mi }
- name: data
  emptyDir: { sizeLimit: 256Mi }
- name: tmp
  emptyDir: { sizeLimit: 256Mi }
{{- end }}

{{- define "catalyst.spread" -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "catalyst.selector" .context | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
{{- end }}
