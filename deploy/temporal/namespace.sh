#!/bin/sh
# One-shot job: makes ucal's namespace with its search attributes and ends. Address and namespace come from TEMPORAL_ADDRESS
# and TEMPORAL_NAMESPACE, the attributes as name=type pairs from SEARCH_ATTRIBUTES.
set -eu

attempt=0
until temporal operator cluster health; do
	attempt=$((attempt + 1))
	if [ "$attempt" -ge 30 ]; then
		echo "namespace: Temporal at $TEMPORAL_ADDRESS is not healthy" >&2
		exit 1
	fi
	sleep 2
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
	temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"

# The namespace reaches the server's caches within seconds.
existing=
attempt=0
until existing=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"); do
	attempt=$((attempt + 1))
	[ "$attempt" -lt 30 ] || exit 1
	sleep 2
done
for pair in $SEARCH_ATTRIBUTES; do
	name=${pair%%=*}
	case $existing in
	*"$name"*) ;;
	*) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type "${pair#*=}" ;;
	esac
done
echo "namespace: $TEMPORAL_NAMESPACE is ready"
