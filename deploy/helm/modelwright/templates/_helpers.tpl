{{/* What every object carries. */}}
{{- define "modelwright.labels" -}}
{{ include "modelwright.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{/* What the Pods of the hook are found by. */}}
{{- define "modelwright.selector" -}}
app.kubernetes.io/name: modelwright
app.kubernetes.io/component: hook
{{- end }}

{{/* The host that Metacontroller calls, also in the certificate. */}}
{{- define "modelwright.host" -}}
modelwright.{{ .Release.Namespace }}.svc
{{- end }}

{{/* One hook: {root, verb, kind}. The component's digest in the path makes Metacontroller ask again for everything after an upgrade. */}}
{{- define "modelwright.hook" -}}
{{- $component := index .root.Chart.Annotations "mlops.internal/component" -}}
version: v2
webhook:
  url: https://{{ include "modelwright.host" .root }}/{{ $component }}/{{ .verb }}/{{ .kind }}
  timeout: 10s
{{- end }}

{{/* Both certificates of the connection; Metacontroller reads them when its controller object changes, and at its start. */}}
{{- define "modelwright.connection" -}}
- host: {{ include "modelwright.host" . }}
  caBundle:
    secretRef: {name: {{ .Values.certificates.secretName }}, namespace: {{ .Release.Namespace }}, key: ca.crt}
  clientTLS:
    secretRef: {name: {{ .Values.certificates.clientSecretName }}, namespace: {{ .Release.Namespace }}}
{{- end }}

{{/* What Models may use, as the hook reads it. */}}
{{- define "modelwright.policy" -}}
{{ .Values.policy | toPrettyJson }}
{{- end }}
