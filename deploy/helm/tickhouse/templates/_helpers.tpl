{{- define "tickhouse.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tickhouse.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tickhouse.labels" -}}
{{ include "tickhouse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "tickhouse.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tickhouse.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/*
The workloads of these values: name → kind, replicas, whether it needs the ClickHouse engine, records, and so on.
*/}}
{{- define "tickhouse.stages" -}}
{{- $archived := ne .Values.archive.target "off" -}}
{{- if eq .Values.mode "embedded" }}
start: { kind: StatefulSet, replicas: 1, engine: true, page: true, records: true, stores: true, archives: {{ $archived }} }
{{- else }}
record: { kind: Deployment, replicas: {{ .Values.record.replicas }}, kafka: true, records: true }
{{- if eq .Values.clickhouse.mode "embedded" }}
ingest: { kind: StatefulSet, replicas: 1, kafka: true, engine: true, page: true, stores: true, archives: {{ $archived }} }
{{- else }}
ingest: { kind: Deployment, replicas: {{ .Values.ingest.replicas }}, kafka: true, clickhouse: true }
serve: { kind: Deployment, replicas: {{ .Values.serve.replicas }}, kafka: true, clickhouse: true, page: true }
{{- if $archived }}
archive: { kind: Deployment, replicas: 1, kafka: true, clickhouse: true, engine: true, archives: true }
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.watch.enabled }}
watch: { kind: StatefulSet, replicas: 1, alerts: true }
{{- end }}
{{- end -}}

{{/* Name of the stage that serves the page. */}}
{{- define "tickhouse.pageStage" -}}
{{- if eq .Values.mode "embedded" -}}start{{- else if eq .Values.clickhouse.mode "embedded" -}}ingest{{- else -}}serve{{- end -}}
{{- end -}}

{{- define "tickhouse.image" -}}
{{- $image := .root.Values.image -}}
{{- $tag := default .root.Chart.AppVersion $image.tag -}}
{{- if .engine -}}
{{- ternary (printf "%s:%s" $image.repository $tag) (printf "%s@%s" $image.repository $image.digest) (empty $image.digest) -}}
{{- else if $image.slimDigest -}}
{{- printf "%s@%s" $image.repository $image.slimDigest -}}
{{- else if and $image.digest (empty $image.slimSuffix) -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s%s" $image.repository $tag $image.slimSuffix -}}
{{- end -}}
{{- end -}}

{{/* Version of Strimzi's resources that the cluster knows; empty if it knows none. */}}
{{- define "tickhouse.strimziVersion" -}}
{{- if .Capabilities.APIVersions.Has "kafka.strimzi.io/v1/Kafka" -}}kafka.strimzi.io/v1
{{- else if .Capabilities.APIVersions.Has "kafka.strimzi.io/v1beta2/Kafka" -}}kafka.strimzi.io/v1beta2
{{- end -}}
{{- end -}}
