{{/* A stage: root, name, stage (an entry of tickhouse.stages). */}}
{{- define "tickhouse.workload" -}}
{{- $root := .root -}}
{{- $values := get $root.Values .name -}}
{{- $fullname := include "tickhouse.fullname" $root -}}
{{- $name := printf "%s-%s" $fullname .name -}}
apiVersion: apps/v1
kind: {{ .stage.kind }}
metadata:
  name: {{ $name }}
  labels:
    {{- include "tickhouse.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  replicas: {{ .stage.replicas }}
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      {{- include "tickhouse.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .name }}
  {{- if eq .stage.kind "StatefulSet" }}
  serviceName: {{ $name }}
  updateStrategy:
    type: RollingUpdate
  {{- else }}
  progressDeadlineSeconds: 900
  strategy:
    {{- if or (eq .name "archive") (eq (default "" $values.strategy) "Recreate") }}
    # One at a time.
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate:
      # The next one starts before one of the present ones stops.
      maxSurge: 1
      maxUnavailable: 0
    {{- end }}
  {{- end }}
  template:
    metadata:
      labels:
        {{- include "tickhouse.selector" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
      {{- with $values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "tickhouse.serviceAccount" $root }}
      {{- include "tickhouse.podSecurity" $root | nindent 6 }}
      {{- if eq .name "record" }}
      terminationGracePeriodSeconds: {{ add $values.handoverSeconds 30 }}
      {{- else }}
      terminationGracePeriodSeconds: {{ default 60 $values.terminationGracePeriodSeconds }}
      {{- end }}
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if gt (int .stage.replicas) 1 }}
      topologySpreadConstraints:
        {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - topologyKey: {{ $key }}
          maxSkew: 1
          whenUnsatisfiable: {{ ternary (default "ScheduleAnyway" $values.zones) "ScheduleAnyway" (eq $key "topology.kubernetes.io/zone") }}
          # Each version of the pods by itself, so that an upgrade spreads the new ones.
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels:
              {{- include "tickhouse.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $.name }}
        {{- end }}
      {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ include "tickhouse.image" (dict "root" $root "engine" .stage.engine) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ .name }}]
          env:
            {{- include "tickhouse.environment" . | trim | nindent 12 }}
          ports:
            - { name: http, containerPort: 8080, protocol: TCP }
          # A process waits for its log before it answers.
          startupProbe:
            httpGet: { path: /health, port: http }
            periodSeconds: 5
            timeoutSeconds: 5
            failureThreshold: 120
          # Only a process that hangs: trouble outside it is no reason to end it.
          livenessProbe:
            httpGet: { path: /health, port: http }
            periodSeconds: 20
            timeoutSeconds: 20
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /ready, port: http }
            periodSeconds: 10
            timeoutSeconds: 10
            failureThreshold: 3
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          {{- include "tickhouse.containerSecurity" $root | nindent 10 }}
          volumeMounts:
            - { name: data, mountPath: /tickhouse/data }
            - { name: tmp, mountPath: /tmp }
            - { name: secrets, mountPath: {{ include "tickhouse.secrets" $root }}, readOnly: true }
      volumes:
        - name: tmp
          emptyDir: { sizeLimit: 1Gi }
        {{- if eq .stage.kind "Deployment" }}
        - name: data
          emptyDir: { sizeLimit: {{ default "256Mi" $values.spoolSize }} }
        {{- end }}
        - name: secrets
          projected:
            defaultMode: 288 # 0440
            sources:
              {{- include "tickhouse.secretSources" . | trim | nindent 14 }}
  {{- if eq .stage.kind "StatefulSet" }}
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        {{- with $values.storage.class }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ $values.storage.size }}
  {{- end }}
{{- end -}}

{{/* Of a pod. Without service links: a Service named tickhouse would add unknown settings to the environment. */}}
{{- define "tickhouse.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "tickhouse.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}
