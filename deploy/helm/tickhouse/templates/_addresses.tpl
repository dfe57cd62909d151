{{/* Directory of the mounted secrets. */}}
{{- define "tickhouse.secrets" -}}/run/secrets/tickhouse{{- end -}}

{{- define "tickhouse.log" -}}
{{- $secrets := include "tickhouse.secrets" . -}}
{{- $kafka := .Values.kafka -}}
{{- $options := list -}}
{{- if eq $kafka.mode "strimzi" -}}
{{- $options = concat $options (list "tls=1" (printf "ca=%s/kafka-ca.crt" $secrets) "sasl=scram-sha-512") -}}
{{- $options = concat $options (list (printf "user=%s-client" (include "tickhouse.fullname" .)) (printf "passwordFile=%s/kafka-password" $secrets)) -}}
{{- else -}}
{{- with $kafka.external -}}
{{- if .tls -}}{{- $options = append $options "tls=1" -}}{{- end -}}
{{- if .caKey -}}{{- $options = append $options (printf "ca=%s/kafka-ca.crt" $secrets) -}}{{- end -}}
{{- if .certKey -}}{{- $options = concat $options (list (printf "cert=%s/kafka-client.crt" $secrets) (printf "key=%s/kafka-client.key" $secrets)) -}}{{- end -}}
{{- if eq .sasl "aws-msk-iam" -}}{{- $options = concat $options (list "sasl=aws-msk-iam" (printf "region=%s" .region)) -}}
{{- else if .sasl -}}{{- $options = concat $options (list (printf "sasl=%s" .sasl) (printf "user=%s" (urlquery .user)) (printf "passwordFile=%s/kafka-password" $secrets)) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name := list "topicPrefix" "partitions" "replication" "group" -}}
{{- with get $kafka $name -}}{{- $options = append $options (printf "%s=%v" $name .) -}}{{- end -}}
{{- end -}}
{{- $brokers := ternary (printf "%s-kafka-bootstrap:9093" (include "tickhouse.fullname" .)) $kafka.external.brokers (eq $kafka.mode "strimzi") -}}
kafka://{{ $brokers }}{{ if $options }}?{{ join "&" $options }}{{ end }}
{{- end -}}

{{- define "tickhouse.store" -}}
{{- $password := printf "passwordFile=%s/clickhouse-password" (include "tickhouse.secrets" .) -}}
{{- if eq .Values.clickhouse.mode "altinity" -}}
{{- $cluster := ternary "cluster=tickhouse&" "" (gt (int .Values.clickhouse.altinity.replicas) 1) -}}
http://tickhouse@clickhouse-{{ include "tickhouse.fullname" . }}:8123/tickhouse?{{ $cluster }}{{ $password }}
{{- else -}}
{{- with .Values.clickhouse.external -}}
{{- $options := list -}}
{{- if .cluster -}}{{- $options = append $options (printf "cluster=%s" .cluster) -}}{{- end -}}
{{- if .passwordKey -}}{{- $options = append $options $password -}}{{- end -}}
{{ .url }}{{ if $options }}?{{ join "&" $options }}{{ end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Port of ClickHouse's address. */}}
{{- define "tickhouse.storePort" -}}
{{- if eq .Values.clickhouse.mode "altinity" -}}8123
{{- else -}}
{{- $host := (urlParse .Values.clickhouse.external.url).host -}}
{{- $default := ternary "443" "80" (hasPrefix "https:" .Values.clickhouse.external.url) -}}
{{- default $default (regexFind "[0-9]+$" (regexFind ":[0-9]+$" $host)) -}}
{{- end -}}
{{- end -}}

{{/* Environment of a stage: names without TICKHOUSE_ → values. */}}
{{- define "tickhouse.environment" -}}
{{- $secrets := include "tickhouse.secrets" .root -}}
{{- $values := .root.Values -}}
{{- $fullname := include "tickhouse.fullname" .root -}}
{{- $is := .stage -}}
{{- $env := dict "LOG_FORMAT" "json" "TOKEN_FILE" (printf "%s/token" $secrets) -}}
{{- $_ := set $env (ternary "LISTEN" "METRICS_LISTEN" (or $is.page (eq .name "ingest"))) "0.0.0.0:8080" -}}
{{- if $is.records -}}
{{- if $values.sources -}}{{- $_ := set $env "SOURCES" $values.sources -}}{{- end -}}
{{- range $setting, $key := $values.accounts -}}{{- $_ := set $env (printf "%s_FILE" $setting) (printf "%s/%s" $secrets $key) -}}{{- end -}}
{{- end -}}
{{- if eq .name "record" -}}{{- $_ := set $env "HANDOVER_SECONDS" $values.record.handoverSeconds -}}{{- end -}}
{{- if $is.kafka -}}{{- $_ := set $env "LOG" (include "tickhouse.log" .root) -}}{{- end -}}
{{- if $is.clickhouse -}}{{- $_ := set $env "STORE" (include "tickhouse.store" .root) -}}{{- end -}}
{{- if or $is.archives $is.stores -}}
{{- $_ := set $env "ARCHIVE" $values.archive.target -}}
{{- if $is.archives -}}
{{- range $setting, $value := dict "LOG_KEEP_HOURS" $values.archive.logKeepHours "STORE_KEEP_DAYS" $values.archive.storeKeepDays "STORE_KEEP_QUOTES_DAYS" $values.archive.storeKeepQuotesDays -}}
{{- if $value -}}{{- $_ := set $env $setting $value -}}{{- end -}}
{{- end -}}
{{- if $values.archive.sealKey -}}{{- $_ := set $env "SEAL_PRIVATE_KEY_FILE" (printf "%s/seal-key" $secrets) -}}
{{- /* Without a volume a key's file would be lost with the pod. */ -}}
{{- else if eq $is.kind "Deployment" -}}{{- $_ := set $env "SEAL_KEY" "off" -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $is.alerts -}}
{{- $pageStage := include "tickhouse.pageStage" .root -}}
{{- $_ := set $env "WATCH_URL" (printf "http://%s-%s:8080" $fullname $pageStage) -}}
{{- $others := list -}}
{{- range $name, $other := fromYaml (include "tickhouse.stages" .root) -}}
{{- if not (has $name (list "watch" $pageStage)) -}}{{- $others = append $others (printf "http://%s-%s:8080" $fullname $name) -}}{{- end -}}
{{- end -}}
{{- if $others -}}{{- $_ := set $env "WATCH_HEALTH_URLS" (join "," $others) -}}{{- end -}}
{{- with $values.watch -}}
{{- if .email -}}{{- $_ := set $env "ALERT_EMAIL" .email -}}{{- end -}}
{{- if .from -}}{{- $_ := set $env "ALERT_FROM" .from -}}{{- end -}}
{{- if .smtpKey -}}{{- $_ := set $env "ALERT_SMTP_FILE" (printf "%s/alert-smtp" $secrets) -}}{{- end -}}
{{- if .webhooksKey -}}{{- $_ := set $env "ALERT_WEBHOOKS_FILE" (printf "%s/alert-webhooks" $secrets) -}}{{- end -}}
{{- if .pingKey -}}{{- $_ := set $env "WATCH_PING_FILE" (printf "%s/watch-ping" $secrets) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $settings := list $values.settings (get (get $values .name) "settings") -}}
{{- range $setting, $value := $settings -}}{{- $_ := set $env $setting $value -}}{{- end -}}
{{- end -}}
{{- range $setting, $value := $env }}
- name: TICKHOUSE_{{ $setting }}
  value: {{ ternary (printf "%v" ($value | toString)) (printf "%.0f" $value) (not (kindIs "float64" $value)) | quote }}
{{- end }}
{{- if and $is.archives $values.archive.credentialsKey }}
- name: AWS_SHARED_CREDENTIALS_FILE
  value: {{ $secrets }}/aws-credentials
{{- end }}
{{- end -}}

{{/* Secrets of a stage as sources of one projected volume: only the keys that it reads. */}}
{{- define "tickhouse.secretSources" -}}
{{- $values := .root.Values -}}
{{- $fullname := include "tickhouse.fullname" .root -}}
{{- $is := .stage -}}
{{- $items := dict "token" $values.secret.tokenKey -}}
{{- if $is.records -}}{{- range $key := values $values.accounts -}}{{- $_ := set $items $key $key -}}{{- end -}}{{- end -}}
{{- if and $is.kafka (eq $values.kafka.mode "external") -}}
{{- with $values.kafka.external -}}
{{- $_ := set $items "kafka-ca.crt" .caKey -}}
{{- $_ := set $items "kafka-client.crt" .certKey -}}
{{- $_ := set $items "kafka-client.key" .keyKey -}}
{{- $_ := set $items "kafka-password" .passwordKey -}}
{{- end -}}
{{- end -}}
{{- if $is.clickhouse -}}{{- $_ := set $items "clickhouse-password" (get (get $values.clickhouse $values.clickhouse.mode) "passwordKey") -}}{{- end -}}
{{- if $is.archives -}}
{{- $_ := set $items "aws-credentials" $values.archive.credentialsKey -}}
{{- $_ := set $items "seal-key" $values.archive.sealKey -}}
{{- end -}}
{{- if $is.alerts -}}
{{- $_ := set $items "alert-smtp" $values.watch.smtpKey -}}
{{- $_ := set $items "alert-webhooks" $values.watch.webhooksKey -}}
{{- $_ := set $items "watch-ping" $values.watch.pingKey -}}
{{- end -}}
- secret:
    name: {{ $values.secret.name }}
    items:
      {{- range $path, $key := $items }}
      {{- if $key }}
      - { key: {{ $key | quote }}, path: {{ $path | quote }} }
      {{- end }}
      {{- end }}
{{- if and $is.kafka (eq $values.kafka.mode "strimzi") }}
- secret:
    name: {{ $fullname }}-cluster-ca-cert
    items:
      - { key: ca.crt, path: kafka-ca.crt }
- secret:
    name: {{ $fullname }}-client
    items:
      - { key: password, path: kafka-password }
{{- end }}
{{- end -}}
